package peer;

import eu.europa.esig.dss.model.DSSException;
import eu.europa.esig.dss.spi.client.http.DataLoader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The only way out: loopback, if it is open, and before that a folder in which an answer's file is named by its
 * percent-encoded URL. Everything else is refused.
 */
final class Loopback implements DataLoader {
    private static final long serialVersionUID = 1L;
    private static final int MILLISECONDS = 10_000;
    private static final List<String> HOSTS = List.of("127.0.0.1", "localhost", "[::1]");

    private final boolean open;
    private final String folder;
    private String contentType;

    Loopback(boolean open, String folder) {
        this.open = open;
        this.folder = folder;
    }

    @Override
    public byte[] get(String url) {
        try {
            Path kept = folder == null ? null : Path.of(folder, URLEncoder.encode(url, StandardCharsets.UTF_8));
            return kept != null && Files.isRegularFile(kept) ? Files.readAllBytes(kept) : exchange(url, null);
        } catch (IOException error) {
            throw new DSSException("nothing at " + url, error);
        }
    }

    @Override
    public DataAndUrl get(List<String> urls) {
        DSSException last = new DSSException("no address");
        for (String url : urls) {
            try {
                return new DataAndUrl(url, get(url));
            } catch (DSSException error) {
                last = error;
            }
        }
        throw last;
    }

    @Override
    public byte[] post(String url, byte[] content) {
        try {
            return exchange(url, content);
        } catch (IOException error) {
            throw new DSSException("nothing at " + url, error);
        }
    }

    @Override
    public void setContentType(String contentType) {
        this.contentType = contentType;
    }

    private byte[] exchange(String url, byte[] body) throws IOException {
        URI address = URI.create(url);
        if (!open || !"http".equals(address.getScheme()) || !HOSTS.contains(address.getHost())) {
            throw new IOException("refused: " + url);
        }
        HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection(Proxy.NO_PROXY);
        connection.setConnectTimeout(MILLISECONDS);
        connection.setReadTimeout(MILLISECONDS);
        connection.setInstanceFollowRedirects(false);
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", contentType == null ? mediaType(url) : contentType);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body);
            }
        }
        if (connection.getResponseCode() != HttpURLConnection.HTTP_OK) {
            throw new IOException("status " + connection.getResponseCode() + " of " + url);
        }
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes();
        }
    }

    private static String mediaType(String url) {
        return url.contains("/ocsp") ? "application/ocsp-request" : "application/timestamp-query";
    }
}
