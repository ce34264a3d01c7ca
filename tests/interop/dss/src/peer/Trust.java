package peer;

import eu.europa.esig.dss.alert.SilentOnStatusAlert;
import eu.europa.esig.dss.model.InMemoryDocument;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CertificateVerifier;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CertificateSource;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.aia.DefaultAIASource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.spi.x509.revocation.ocsp.ExternalResourcesOCSPSource;
import java.util.List;

/** Who is trusted, and where certificates and revocation data come from. */
final class Trust {
    private Trust() {
    }

    /** Anchors, further certificates, CRLs and OCSP responses of the request; by the network if it is {@code online}. */
    static CertificateVerifier of(Request request) {
        CommonCertificateVerifier verifier = new CommonCertificateVerifier(true);
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        load(anchors, request.octets("anchors"));
        CommonCertificateSource others = new CommonCertificateSource();
        load(others, request.octets("certificates"));
        verifier.setTrustedCertSources(anchors);
        verifier.setAdjunctCertSources(others);
        if (request.has("crls")) {
            verifier.setCrlSource(new ExternalResourcesCRLSource(documents(request.octets("crls"))));
        }
        if (request.has("ocsps")) {
            verifier.setOcspSource(new ExternalResourcesOCSPSource(documents(request.octets("ocsps"))));
        }
        if (request.flag("online", false) || request.has("answers")) {
            verifier.setAIASource(new DefaultAIASource(loader(request)));
            verifier.setCrlSource(new OnlineCRLSource(loader(request)));
            verifier.setOcspSource(new OnlineOCSPSource(loader(request)));
        }
        verifier.setAlertOnNoRevocationAfterBestSignatureTime(new SilentOnStatusAlert());
        return verifier;
    }

    static Loopback loader(Request request) {
        return new Loopback(request.flag("online", false), request.text("answers", null));
    }

    private static void load(CertificateSource into, List<byte[]> certificates) {
        for (byte[] certificate : certificates) {
            into.addCertificate(DSSUtils.loadCertificate(certificate));
        }
    }

    private static DSSDocument[] documents(List<byte[]> octets) {
        return octets.stream().map(InMemoryDocument::new).toArray(DSSDocument[]::new);
    }
}
