import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVERS } from './world.ts';

/** Certificate and key of the servers, in files of a folder that the run has for itself. */
export interface ServerCertificate {
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
  remove(): void;
}

/** Makes one with openssl, signed by itself, good for a day. */
export function makeCertificate(): ServerCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'kaon-nat-'));
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const names = Object.values(SERVERS).flatMap(({ name, IPv4, IPv6 }) => [`DNS:${name}`, `IP:${IPv4}`, `IP:${IPv6}`]);
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const subject = ['-subj', `/CN=${SERVERS.kaon.name}`, '-addext', `subjectAltName=${names.join(',')}`];
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  const { error, status, stderr } = spawnSync(
    'openssl',
    ['req', ...kind, ...subject, '-keyout', key, '-out', certificate],
    { encoding: 'utf8' },
  );
  if (error !== undefined || status !== 0) {
    remove();
    throw new Error(`openssl: ${error?.message ?? stderr}`);
  }
  return { folder, certificate, key, remove };
}
