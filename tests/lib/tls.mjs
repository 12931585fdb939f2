// Certificates for this machine alone.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** A certificate for localhost that nobody else trusts: {key, cert}, their files, and what takes those away. */
export function makeCertificate() {
    const folder = mkdtempSync(join(tmpdir(), 'confidente-cert-'));
    const [keyFile, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', [
        'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-keyout', keyFile, '-out', file,
    ], { stdio: 'ignore' });
    const remove = () => rmSync(folder, { recursive: true, force: true });
    return { key: readFileSync(keyFile), cert: readFileSync(file), file, keyFile, remove };
}

/** One that this process trusts from then on: `settings` for startServer; `remove` takes the files away. */
export function trustedCertificate() {
    const { cert, file, keyFile, remove } = makeCertificate();
    setDefaultCACertificates([...getCACertificates('default'), cert.toString()]);
    return { settings: [`http.tls_certificate=${file}`, `http.tls_key=${keyFile}`], remove };
}
