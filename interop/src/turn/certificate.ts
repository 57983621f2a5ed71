import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ownAddress } from './addresses.ts';

/** The name that TLS servers of the run go by; the namespace's hosts file has it. */
export const TURN_NAME = 'turn.test';

const FOLDER = new URL('../../.cache/turn/', import.meta.url);
const MAX_AGE = 20 * 86_400_000;

/** Certificate and key of all TLS servers of the run, in files: signed by itself, so it is also what clients have to trust. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** The certificate's text. */
  readonly pem: string;
}

/** Makes it with openssl where there is none that is fresh and for this machine's address. */
export function certificateFiles(): CertificateFiles {
  const address = ownAddress('IPv4');
  const certificate = fileURLToPath(new URL(`${address}.pem`, FOLDER));
  const key = fileURLToPath(new URL(`${address}.key`, FOLDER));
  if (!existsSync(certificate) || Date.now() - statSync(certificate).mtimeMs > MAX_AGE) {
    mkdirSync(FOLDER, { recursive: true });
    const names = [`DNS:${TURN_NAME}`, 'IP:127.0.0.1', 'IP:fd99::1', `IP:${address}`].join(',');
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
    const subject = ['-subj', `/CN=${TURN_NAME}`, '-addext', `subjectAltName=${names}`];
    const { error, status, stderr } = spawnSync(
      'openssl',
      ['req', ...kind, ...subject, '-keyout', key, '-out', certificate],
      { encoding: 'utf8' },
    );
    if (error !== undefined || status !== 0) throw new Error(`openssl: ${error?.message ?? stderr}`);
  }
  return { certificate, key, pem: readFileSync(certificate, 'utf8') };
}
