import { CertificateError } from './errors.ts';

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** What stands behind BEGIN: `CERTIFICATE`, `PRIVATE KEY`. */
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `bytes` as PEM with 64 characters a line and a newline at its end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** All blocks of a text, whatever stands around them. Throws `CERTIFICATE_BAD_PEM` on a block that is not base64. */
export function decodePem(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (const [, label = '', body = ''] of text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)) {
    try {
      const binary = atob(body.replace(/\s+/g, ''));
      blocks.push({ label, bytes: Uint8Array.from(binary, (character) => character.charCodeAt(0)) });
    } catch (cause) {
      throw new CertificateError('CERTIFICATE_BAD_PEM', `The ${label} block is not base64.`, { cause });
    }
  }
  return blocks;
}
