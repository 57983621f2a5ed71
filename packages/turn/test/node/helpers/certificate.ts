import { Certificate } from '@kaon/dtls/certificate';

/** A certificate and its key in PEM, made anew. */
export async function pem(commonName = 'turn.test'): Promise<{ certificate: string; privateKey: string }> {
  return (await Certificate.generate({ commonName })).toPEM();
}
