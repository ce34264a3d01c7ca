package peer;

import eu.europa.esig.dss.cades.CAdESSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESCounterSignatureParameters;
import eu.europa.esig.dss.cades.signature.CAdESService;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.JWSSerializationType;
import eu.europa.esig.dss.enumerations.SigDMechanism;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.SignaturePackaging;
import eu.europa.esig.dss.jades.JAdESSignatureParameters;
import eu.europa.esig.dss.jades.JAdESSigningTimeType;
import eu.europa.esig.dss.jades.signature.JAdESCounterSignatureParameters;
import eu.europa.esig.dss.jades.signature.JAdESService;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.SerializableCounterSignatureParameters;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.signature.AbstractSignatureParameters;
import eu.europa.esig.dss.signature.CounterSignatureService;
import eu.europa.esig.dss.signature.DocumentSignatureService;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.token.DSSPrivateKeyEntry;
import eu.europa.esig.dss.token.Pkcs12SignatureToken;
import java.security.KeyStore.PasswordProtection;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Signs, augments and counter-signs with DSS's own services. */
final class Signing {
    private Signing() {
    }

    /** {@code file}, or several {@code files} under one JAdES signature, signed up to {@code level}. */
    static Map<String, Object> sign(Request request) {
        return switch (request.text("format")) {
            case "jades" -> jades(request);
            case "cades" -> single(request, cadesParameters(request, new CAdESSignatureParameters()),
                    new CAdESService(Trust.of(request)));
            case "pades" -> single(request, padesParameters(request), new PAdESService(Trust.of(request)));
            default -> throw new IllegalArgumentException("unknown format");
        };
    }

    /** The same file with every signature raised to {@code level}; detached contents are {@code contents}. */
    static Map<String, Object> augment(Request request) {
        return switch (request.text("format")) {
            case "jades" -> extended(request, jadesParameters(request, new JAdESSignatureParameters()),
                    new JAdESService(Trust.of(request)));
            case "cades" -> extended(request, cadesParameters(request, new CAdESSignatureParameters()),
                    new CAdESService(Trust.of(request)));
            case "pades" -> extended(request, padesParameters(request), new PAdESService(Trust.of(request)));
            default -> throw new IllegalArgumentException("unknown format");
        };
    }

    /** A counter-signature over the signature with DSS's identifier {@code signature}. */
    static Map<String, Object> counterSign(Request request) {
        if ("jades".equals(request.text("format"))) {
            JAdESCounterSignatureParameters parameters = new JAdESCounterSignatureParameters();
            jadesParameters(request, parameters);
            parameters.setSignatureIdToCounterSign(request.text("signature"));
            return countered(request, parameters, parameters, new JAdESService(Trust.of(request)));
        }
        CAdESCounterSignatureParameters parameters = new CAdESCounterSignatureParameters();
        cadesParameters(request, parameters);
        parameters.setSignatureIdToCounterSign(request.text("signature"));
        return countered(request, parameters, parameters, new CAdESService(Trust.of(request)));
    }

    // -- parameters

    private static <P extends AbstractSignatureParameters<?>> P common(Request request, String prefix, P parameters) {
        parameters.setSignatureLevel(SignatureLevel.valueOf(prefix + "_BASELINE_" + request.text("level")));
        parameters.setDigestAlgorithm(DigestAlgorithm.valueOf(request.text("digest", "SHA256")));
        if (request.has("packaging")) {
            String packaging = request.text("packaging").toUpperCase(Locale.ROOT);
            parameters.setSignaturePackaging(SignaturePackaging.valueOf(packaging));
        }
        if (request.has("contents")) {
            parameters.setDetachedContents(Contents.of(request.objects("contents")));
        }
        if (request.has("signing_time")) {
            parameters.bLevel().setSigningDate(request.time("signing_time"));
        }
        return parameters;
    }

    private static JAdESSignatureParameters jadesParameters(Request request, JAdESSignatureParameters parameters) {
        common(request, "JAdES", parameters);
        parameters.setJwsSerializationType(switch (request.text("serialization", "compact")) {
            case "compact" -> JWSSerializationType.COMPACT_SERIALIZATION;
            case "flattened" -> JWSSerializationType.FLATTENED_JSON_SERIALIZATION;
            default -> JWSSerializationType.JSON_SERIALIZATION;
        });
        if (request.has("mechanism")) {
            parameters.setSigDMechanism(SigDMechanism.valueOf(request.text("mechanism")));
        }
        parameters.setBase64UrlEncodedPayload(request.flag("b64", true));
        parameters.setBase64UrlEncodedEtsiUComponents(request.flag("etsiu_b64", true));
        parameters.setJadesSigningTimeType(JAdESSigningTimeType.valueOf(request.text("time", "IAT")));
        return parameters;
    }

    private static CAdESSignatureParameters cadesParameters(Request request, CAdESSignatureParameters parameters) {
        common(request, "CAdES", parameters);
        parameters.setParallelSignature(request.flag("parallel", false));
        return parameters;
    }

    private static PAdESSignatureParameters padesParameters(Request request) {
        PAdESSignatureParameters parameters = common(request, "PAdES", new PAdESSignatureParameters());
        if (request.has("password")) {
            parameters.setPasswordProtection(request.text("password").toCharArray());
        }
        if (request.has("reason")) {
            parameters.setReason(request.text("reason"));
        }
        parameters.setIncludeVRIDictionary(request.flag("vri", false));
        return parameters;
    }

    // -- work

    private static Map<String, Object> jades(Request request) {
        JAdESService service = new JAdESService(Trust.of(request));
        JAdESSignatureParameters parameters = jadesParameters(request, new JAdESSignatureParameters());
        if (!request.has("files")) {
            return single(request, parameters, service);
        }
        stamps(request, service);
        List<DSSDocument> documents = Contents.of(request.objects("files"));
        try (Pkcs12SignatureToken token = open(request)) {
            DSSPrivateKeyEntry key = identify(request, token, parameters);
            ToBeSigned signed = service.getDataToSign(documents, parameters);
            SignatureValue value = token.sign(signed, parameters.getSignatureAlgorithm(), key);
            return octets(service.signDocument(documents, parameters, value));
        }
    }

    private static <P extends AbstractSignatureParameters<?>> Map<String, Object> single(
            Request request, P parameters, DocumentSignatureService<P, ?> service) {
        stamps(request, service);
        DSSDocument document = request.document();
        try (Pkcs12SignatureToken token = open(request)) {
            DSSPrivateKeyEntry key = identify(request, token, parameters);
            ToBeSigned signed = service.getDataToSign(document, parameters);
            SignatureValue value = token.sign(signed, parameters.getSignatureAlgorithm(), key);
            return octets(service.signDocument(document, parameters, value));
        }
    }

    private static <P extends AbstractSignatureParameters<?>> Map<String, Object> extended(
            Request request, P parameters, DocumentSignatureService<P, ?> service) {
        stamps(request, service);
        return octets(service.extendDocument(request.document(), parameters));
    }

    private static <P extends SerializableCounterSignatureParameters> Map<String, Object> countered(
            Request request, P parameters, AbstractSignatureParameters<?> same, CounterSignatureService<P> service) {
        DSSDocument document = request.document();
        try (Pkcs12SignatureToken token = open(request)) {
            DSSPrivateKeyEntry key = identify(request, token, same);
            ToBeSigned signed = service.getDataToBeCounterSigned(document, parameters);
            SignatureValue value = token.sign(signed, same.getSignatureAlgorithm(), key);
            return octets(service.counterSignSignature(document, parameters, value));
        }
    }

    private static void stamps(Request request, DocumentSignatureService<?, ?> service) {
        if (request.has("tsa")) {
            service.setTspSource(new OnlineTSPSource(request.text("tsa"), Trust.loader(request)));
        }
    }

    private static Pkcs12SignatureToken open(Request request) {
        PasswordProtection secret = new PasswordProtection(request.text("secret").toCharArray());
        return new Pkcs12SignatureToken(request.octet("pkcs12"), secret);
    }

    private static DSSPrivateKeyEntry identify(
            Request request, Pkcs12SignatureToken token, AbstractSignatureParameters<?> parameters) {
        DSSPrivateKeyEntry key = token.getKeys().get(0);
        parameters.setSigningCertificate(key.getCertificate());
        parameters.setCertificateChain(Arrays.asList(key.getCertificateChain()));
        if (request.flag("pss", false)) {
            parameters.setEncryptionAlgorithm(EncryptionAlgorithm.RSASSA_PSS);
        }
        return key;
    }

    private static Map<String, Object> octets(DSSDocument document) {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("octets", Base64.getEncoder().encodeToString(DSSUtils.toByteArray(document)));
        return found;
    }
}
