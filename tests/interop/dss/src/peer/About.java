package peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** Which DSS and which Java run here. */
final class About {
    private static final String MAVEN = "/META-INF/maven/eu.europa.ec.joinup.sd-dss/dss-validation/pom.properties";

    private About() {
    }

    static Map<String, Object> versions() {
        Map<String, Object> found = new LinkedHashMap<>();
        Properties made = new Properties();
        try (InputStream in = About.class.getResourceAsStream(MAVEN)) {
            made.load(in);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        found.put("dss", made.getProperty("version"));
        found.put("java", System.getProperty("java.version"));
        return found;
    }
}
