/**
 * Certificates in PEM that the platform trusts, those of NODE_EXTRA_CA_CERTS and of the system where it is told to use them
 * included, as its own TLS does. Loaded on first use.
 */
export async function platformRoots(): Promise<readonly string[]> {
  roots ??= import('node:tls').then((tls) => {
    const all = 'getCACertificates' in tls ? tls.getCACertificates('default') : (tls as Roots).rootCertificates;
    return Object.freeze([...all]);
  });
  return roots;
}

let roots: Promise<readonly string[]> | undefined;

interface Roots {
  readonly rootCertificates: readonly string[];
}
