package peer;

import eu.europa.esig.dss.detailedreport.DetailedReport;
import eu.europa.esig.dss.diagnostic.DiagnosticData;
import eu.europa.esig.dss.diagnostic.EvidenceRecordWrapper;
import eu.europa.esig.dss.diagnostic.SignatureWrapper;
import eu.europa.esig.dss.diagnostic.TimestampWrapper;
import eu.europa.esig.dss.enumerations.TokenExtractionStrategy;
import eu.europa.esig.dss.jaxb.object.Message;
import eu.europa.esig.dss.model.policy.ValidationPolicy;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.policy.EtsiValidationPolicyFactory;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Validates signed files; tells what DSS found of each signature, time stamp and evidence record. */
final class Validation {
    private static final Map<String, ValidationPolicy> POLICIES = new HashMap<>();

    private Validation() {
    }

    static Map<String, Object> validate(Request request) {
        Reports reports = run(request);
        if (request.has("reports")) {
            write(Path.of(request.text("reports")), reports);
        }
        return describe(reports);
    }

    /** Milliseconds of each of {@code runs} validations; the first ones of a process also warm it up. */
    static Map<String, Object> time(Request request) {
        List<Double> spent = new ArrayList<>();
        for (int run = 0; run < request.number("runs", 1); run++) {
            long start = System.nanoTime();
            run(request);
            spent.add((System.nanoTime() - start) / 1e6);
        }
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("milliseconds", spent);
        return found;
    }

    private static Reports run(Request request) {
        SignedDocumentValidator validator = SignedDocumentValidator.fromDocument(request.document());
        validator.setCertificateVerifier(Trust.of(request));
        validator.setTokenExtractionStrategy(TokenExtractionStrategy.NONE);
        validator.setEnableEtsiValidationReport(false);
        if (request.has("at")) {
            validator.setValidationTime(request.time("at"));
        }
        if (request.has("contents")) {
            validator.setDetachedContents(Contents.of(request.objects("contents")));
        }
        if (request.has("password") && validator instanceof PDFDocumentValidator) {
            ((PDFDocumentValidator) validator).setPasswordProtection(request.text("password").toCharArray());
        }
        return validator.validateDocument(policy(request.text("policy")));
    }

    private static ValidationPolicy policy(String path) {
        return POLICIES.computeIfAbsent(path, name -> {
            try {
                byte[] octets = Files.readAllBytes(Path.of(name));
                return new EtsiValidationPolicyFactory().loadValidationPolicy(new ByteArrayInputStream(octets));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }

    private static Map<String, Object> describe(Reports reports) {
        DiagnosticData facts = reports.getDiagnosticData();
        List<Object> signatures = new ArrayList<>();
        for (SignatureWrapper signature : facts.getSignatures()) {
            signatures.add(describe(signature, reports));
        }
        List<Object> loose = new ArrayList<>();
        for (TimestampWrapper token : facts.getTimestampList()) {
            if (token.getTimestampedSignatures().isEmpty()) {
                loose.add(describe(token, reports));
            }
        }
        List<Object> records = new ArrayList<>();
        for (EvidenceRecordWrapper record : facts.getEvidenceRecords()) {
            records.add(describe(record, reports));
        }
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("signatures", signatures);
        found.put("timestamps", loose);
        found.put("evidence_records", records);
        found.put("timestamp_count", facts.getTimestampList().size());
        return found;
    }

    private static Map<String, Object> describe(SignatureWrapper signature, Reports reports) {
        String id = signature.getId();
        Map<String, Object> found = verdict(id, reports);
        DetailedReport detailed = reports.getDetailedReport();
        found.put("value", Base64.getEncoder().encodeToString(signature.getSignatureValue()));
        found.put("level", String.valueOf(signature.getSignatureFormat()));
        found.put("basic", text(detailed.getBasicValidationIndication(id)));
        found.put("basic_sub_indication", text(detailed.getBasicValidationSubIndication(id)));
        found.put("with_time", text(detailed.getLongTermValidationIndication(id)));
        found.put("with_time_sub_indication", text(detailed.getLongTermValidationSubIndication(id)));
        found.put("best_signature_time", time(reports.getSimpleReport().getBestSignatureTime(id)));
        found.put("claimed_signing_time", time(signature.getClaimedSigningTime()));
        found.put("counter_signature_of", signature.isCounterSignature() ? signature.getParent().getId() : null);
        found.put("intact", signature.isSignatureIntact());
        found.put("valid", signature.isSignatureValid());
        found.put("found_certificates", signature.foundCertificates().getRelatedCertificates().size());
        found.put("found_revocations", signature.foundRevocations().getRelatedRevocationData().size());
        List<Object> tokens = new ArrayList<>();
        for (TimestampWrapper token : signature.getTimestampList()) {
            tokens.add(describe(token, reports));
        }
        found.put("timestamps", tokens);
        return found;
    }

    private static Map<String, Object> describe(TimestampWrapper token, Reports reports) {
        Map<String, Object> found = verdict(token.getId(), reports);
        DetailedReport detailed = reports.getDetailedReport();
        found.put("basic", text(detailed.getBasicTimestampValidationIndication(token.getId())));
        found.put("basic_sub_indication", text(detailed.getBasicTimestampValidationSubIndication(token.getId())));
        found.put("type", text(token.getType()));
        found.put("archive_type", text(token.getArchiveTimestampType()));
        found.put("generated_at", time(token.getProductionTime()));
        found.put("imprint_found", token.isMessageImprintDataFound());
        found.put("imprint_intact", token.isMessageImprintDataIntact());
        found.put("covers_certificates", token.getTimestampedCertificates().size());
        found.put("covers_revocations", token.getTimestampedRevocations().size());
        found.put("covers_timestamps", token.getTimestampedTimestamps().size());
        return found;
    }

    private static Map<String, Object> describe(EvidenceRecordWrapper record, Reports reports) {
        Map<String, Object> found = verdict(record.getId(), reports);
        found.put("type", text(record.getEvidenceRecordType()));
        List<Object> tokens = new ArrayList<>();
        for (TimestampWrapper token : record.getTimestampList()) {
            tokens.add(describe(token, reports));
        }
        found.put("timestamps", tokens);
        return found;
    }

    private static Map<String, Object> verdict(String id, Reports reports) {
        SimpleReport report = reports.getSimpleReport();
        DetailedReport detailed = reports.getDetailedReport();
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("id", id);
        found.put("indication", text(detailed.getFinalIndication(id)));
        found.put("sub_indication", text(detailed.getFinalSubIndication(id)));
        found.put("errors", messages(report.getAdESValidationErrors(id)));
        found.put("warnings", messages(report.getAdESValidationWarnings(id)));
        return found;
    }

    private static List<String> messages(List<Message> messages) {
        List<String> found = new ArrayList<>();
        for (Message message : messages) {
            found.add(message.getKey() + ": " + message.getValue());
        }
        return found;
    }

    private static String text(Enum<?> value) {
        return value == null ? null : value.name().replace("TOTAL_", "TOTAL-");
    }

    private static String time(Date time) {
        return time == null ? null : time.toInstant().toString();
    }

    private static void write(Path folder, Reports reports) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("simple.xml"), reports.getXmlSimpleReport());
            Files.writeString(folder.resolve("detailed.xml"), reports.getXmlDetailedReport());
            Files.writeString(folder.resolve("diagnostic.xml"), reports.getXmlDiagnosticData());
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
