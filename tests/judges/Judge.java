import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Java's PKIX as a judge. A line for each certificate: the moment in milliseconds, then files with its root,
 * its issuer (none: signed by the root) and itself, then its names (none: an authority); separated by tabs.
 * The answer is a line for each: "good", or what is wrong.
 */
final class Judge {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final int DNS_NAME = 2;
    private static final Map<String, X509Certificate> authorities = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line = in.readLine(); line != null; line = in.readLine())
            System.out.println(verdict(line.split("\t", -1)));
    }

    private static String verdict(String[] row) {
        try {
            X509Certificate leaf = read(row[3]);
            validate(new Date(Long.parseLong(row[0])), authority(row[1]), path(leaf, row[2]), !row[4].isEmpty());
            if (!row[4].isEmpty())
                compare(leaf, List.of(row[4].split(" ")));
            return "good";
        } catch (Exception e) {
            return e.toString().replace('\n', ' ');
        }
    }

    private static List<X509Certificate> path(X509Certificate leaf, String issuer) throws Exception {
        return issuer.isEmpty() ? List.of(leaf) : List.of(leaf, authority(issuer));
    }

    private static void validate(Date at, X509Certificate root, List<X509Certificate> path, boolean isServer)
            throws Exception {
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(at);
        if (isServer) {
            X509CertSelector server = new X509CertSelector();
            server.setExtendedKeyUsage(Set.of(SERVER_AUTH));
            server.setKeyUsage(new boolean[] { true }); // digitalSignature
            parameters.setTargetCertConstraints(server);
        }
        CertPathValidator.getInstance("PKIX").validate(factory().generateCertPath(path), parameters);
    }

    /** The names of the certificate are these, in their order. */
    private static void compare(X509Certificate leaf, List<String> names) throws Exception {
        List<String> found = new ArrayList<>(), wanted = new ArrayList<>();
        Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
        for (List<?> name : alternatives == null ? List.<List<?>>of() : alternatives)
            found.add(one((Integer) name.get(0) == DNS_NAME, (String) name.get(1)));
        for (String name : names)
            wanted.add(one(!name.matches("[0-9.]+|.*:.*"), name));
        if (!found.equals(wanted))
            throw new CertificateException("is for " + found + " and not for " + wanted);
    }

    /** Addresses have many spellings. */
    private static String one(boolean isDns, String name) throws Exception {
        return isDns ? name : InetAddress.getByName(name).getHostAddress();
    }

    private static X509Certificate authority(String file) throws Exception {
        if (!authorities.containsKey(file))
            authorities.put(file, read(file));
        return authorities.get(file);
    }

    private static X509Certificate read(String file) throws Exception {
        try (FileInputStream in = new FileInputStream(file)) {
            return (X509Certificate) factory().generateCertificate(in);
        }
    }

    private static CertificateFactory factory() throws CertificateException {
        return CertificateFactory.getInstance("X.509");
    }
}
