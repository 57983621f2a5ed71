import { createSecureContext } from 'node:tls';
import type { LocalCertificate } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import { TurnError } from '../errors.ts';

/** A certificate in both forms that listeners need. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly dtls: LocalCertificate;
}

/** Reads a chain and its key. Rejects with `TURN_INVALID_ARGUMENT`, and the reason in the message, when they cannot be used. */
export async function readServerCertificate(
  certificate: string,
  privateKey: string,
  crypto: CryptoProvider,
): Promise<ServerCertificate> {
  try {
    createSecureContext({ cert: certificate, key: privateKey });
    const parsed = await Certificate.fromPEM(`${certificate}\n${privateKey}`);
    return { certificate, privateKey, dtls: { chain: parsed.chain, signer: crypto.signer(parsed.privateKey) } };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TurnError('TURN_INVALID_ARGUMENT', `The certificate cannot be used: ${reason}`, { cause });
  }
}
