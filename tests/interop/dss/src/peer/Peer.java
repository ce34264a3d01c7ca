package peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jose4j.json.JsonUtil;
import org.jose4j.lang.JoseException;

/** Answers requests, one JSON object per line, until the input ends. */
public final class Peer {
    private Peer() {
    }

    /**
     * Reads standard input, writes standard output; what libraries print goes to standard error.
     *
     * @param arguments none
     * @throws IOException where the input breaks
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(JsonUtil.toJson(answer(line)));
        }
    }

    private static Map<String, Object> answer(String line) {
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
            Request request = new Request(JsonUtil.parseJson(line));
            answer.put("result", dispatch(request));
        } catch (JoseException | RuntimeException | LinkageError | StackOverflowError error) {
            answer.put("error", error.getClass().getName());
            answer.put("message", String.valueOf(error.getMessage()));
            answer.put("where", where(error));
        }
        return answer;
    }

    private static Object dispatch(Request request) {
        switch (request.text("command")) {
            case "about":
                return About.versions();
            case "validate":
                return Validation.validate(request);
            case "time":
                return Validation.time(request);
            case "sign":
                return Signing.sign(request);
            case "augment":
                return Signing.augment(request);
            case "counter-sign":
                return Signing.counterSign(request);
            default:
                throw new IllegalArgumentException("unknown command");
        }
    }

    private static String where(Throwable error) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            StackTraceElement[] trace = cause.getStackTrace();
            text.append(cause).append(trace.length > 0 ? " at " + trace[0] : "").append('\n');
        }
        return text.toString();
    }
}
