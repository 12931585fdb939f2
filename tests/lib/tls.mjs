// A certificate for this machine alone, which this process trusts from then on.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** `settings` for startServer; `remove` takes the files away. */
export function trustedCertificate() {
    const folder = mkdtempSync(join(tmpdir(), 'confidente-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
        '-out', certificate, '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
    return {
        settings: [`http.tls_certificate=${certificate}`, `http.tls_key=${key}`],
        remove: () => rmSync(folder, { recursive: true, force: true }),
    };
}
