package peer;

import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.jades.HTTPHeader;
import eu.europa.esig.dss.jades.HTTPHeaderDigest;
import eu.europa.esig.dss.model.DSSDocument;
import java.util.ArrayList;
import java.util.List;

/** What a detached signature covers. */
final class Contents {
    private Contents() {
    }

    /** Files, and HTTP header fields: {@code {header, value}}, or {@code {digest, file}} for Digest over a body. */
    static List<DSSDocument> of(List<Request> given) {
        List<DSSDocument> found = new ArrayList<>();
        for (Request item : given) {
            if (item.has("header")) {
                found.add(new HTTPHeader(item.text("header"), item.text("value")));
            } else if (item.has("digest")) {
                found.add(new HTTPHeaderDigest(item.document(), DigestAlgorithm.valueOf(item.text("digest"))));
            } else {
                found.add(item.document());
            }
        }
        return found;
    }
}
