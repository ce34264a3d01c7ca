package peer;

import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.InMemoryDocument;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;

/** One request: a JSON object whose members are asked for by name. Octets are {@code data:<base64>} or a path. */
final class Request {
    private static final String INLINE = "data:";

    private final Map<?, ?> members;

    Request(Map<?, ?> members) {
        this.members = members;
    }

    boolean has(String name) {
        return members.get(name) != null;
    }

    String text(String name) {
        Object value = members.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the request lacks " + name);
        }
        return value.toString();
    }

    String text(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    boolean flag(String name, boolean otherwise) {
        return has(name) ? Boolean.parseBoolean(text(name)) : otherwise;
    }

    int number(String name, int otherwise) {
        return has(name) ? Integer.parseInt(text(name)) : otherwise;
    }

    /** RFC 3339, or null. */
    Date time(String name) {
        return has(name) ? Date.from(OffsetDateTime.parse(text(name)).toInstant()) : null;
    }

    List<String> texts(String name) {
        List<String> found = new ArrayList<>();
        if (has(name)) {
            for (Object item : (List<?>) members.get(name)) {
                found.add(item.toString());
            }
        }
        return found;
    }

    List<Request> objects(String name) {
        List<Request> found = new ArrayList<>();
        if (has(name)) {
            for (Object item : (List<?>) members.get(name)) {
                found.add(new Request((Map<?, ?>) item));
            }
        }
        return found;
    }

    List<byte[]> octets(String name) {
        List<byte[]> found = new ArrayList<>();
        for (String source : texts(name)) {
            found.add(read(source));
        }
        return found;
    }

    byte[] octet(String name) {
        return read(text(name));
    }

    /** The member {@code file} as a document under {@code name}, which defaults to the file's own name. */
    DSSDocument document() {
        String source = text("file");
        if (source.startsWith(INLINE)) {
            return new InMemoryDocument(read(source), text("name", null));
        }
        FileDocument document = new FileDocument(source);
        if (has("name")) {
            document.setName(text("name"));
        }
        return document;
    }

    private static byte[] read(String source) {
        if (source.startsWith(INLINE)) {
            return Base64.getDecoder().decode(source.substring(INLINE.length()));
        }
        try {
            return Files.readAllBytes(Path.of(source));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
