import { equalBytes } from '@kaon/wire';
import { type ChainCertificate, chainReader } from './chain-certificate.ts';
import { CertificateError, type CertificateErrorCode } from './errors.ts';
import { decodePem } from './pem.ts';
import { isFor, isWithin } from './server-name.ts';

/** Options of `verifyChain`. */
export interface VerifyChainOptions {
  /** Name of the server, or its numeric address, that the certificate must be for. */
  readonly name: string;
  /**
   * Certificates that are trusted, such as `rootCertificates` of `node:tls`: PEM texts of one or more each, or DER. The server's
   * own may be among them. The same array is not decoded twice.
   */
  readonly roots: readonly (string | Uint8Array)[];
  /** Milliseconds since the epoch at which the certificates must be valid. Default: now. */
  readonly now?: number | undefined;
}

/**
 * Decides on the certificate chain of a server (RFC 5280 §6), DER, leaf first, as a handshake delivers it: whether it leads to a
 * root, in any order and with certificates too many, is valid now, made for servers and made for this name (RFC 9525). Resolves
 * with undefined when it may be trusted, else with a `CertificateError` whose message names the reason. Never rejects for what a
 * peer can send, and bounds its work. Rejects with `CERTIFICATE_BAD_PEM` on a root that is none. Revocation is not looked at.
 */
export async function verifyChain(
  chain: readonly Uint8Array[],
  options: VerifyChainOptions,
): Promise<CertificateError | undefined> {
  const { name, now = Date.now() } = options;
  const roots = rootsOf(options.roots);
  if (chain.length > MAX_CERTIFICATES || chain.some((der) => der.length > MAX_LENGTH)) {
    return refusal('CERTIFICATE_BAD_CERTIFICATE', 'The certificate chain is too long.');
  }
  const read = await chainReader();
  const [leaf, ...others] = chain.map(read);
  if (leaf === undefined) return refusal('CERTIFICATE_BAD_CERTIFICATE', 'The certificate cannot be read.');
  const search: Search = {
    now,
    roots: trustedFor([leaf, ...others], roots).flatMap((der) => read(der) ?? []),
    others: others.flatMap((one) => one ?? []),
    signatures: MAX_SIGNATURES,
    reason: undefined,
  };
  if (!(await leadsToRoot(leaf, [], search))) return search.reason ?? whyUntrusted(leaf);
  if (!isFor(leaf, name)) {
    return refusal('CERTIFICATE_WRONG_NAME', `The certificate is for ${namesOf(leaf)} and not for ${name}.`);
  }
  return undefined;
}

/** Far above what servers send: hostile ones must not keep us busy. */
const MAX_CERTIFICATES = 16;
const MAX_LENGTH = 65_536;
const MAX_SIGNATURES = 24;
const MAX_DEPTH = 8;

interface Search {
  readonly now: number;
  readonly roots: readonly ChainCertificate[];
  readonly others: readonly ChainCertificate[];
  /** How many may still be verified. */
  signatures: number;
  /** What stood in the way of a path that would have been one. */
  reason: CertificateError | undefined;
}

/** Whether `certificate`, with those of `below` between it and the leaf, is a root or issued by one. */
async function leadsToRoot(
  certificate: ChainCertificate,
  below: readonly ChainCertificate[],
  search: Search,
): Promise<boolean> {
  const isTrusted = search.roots.some((root) => equalBytes(root.der, certificate.der));
  const fault = faultOf(certificate, below, isTrusted, search.now);
  if (fault !== undefined) {
    search.reason ??= fault;
    return false;
  }
  if (isTrusted) return true;
  if (below.length >= MAX_DEPTH) return false;
  const path = [certificate, ...below];
  for (const issuer of [...search.roots, ...search.others]) {
    if (path.includes(issuer) || !equalBytes(issuer.subject, certificate.issuer)) continue;
    if (search.signatures-- <= 0) return false;
    if ((await certificate.isSignedBy(issuer)) && (await leadsToRoot(issuer, path, search))) return true;
  }
  return false;
}

/** Why a certificate cannot stand at this place of a path. */
function faultOf(
  certificate: ChainCertificate,
  below: readonly ChainCertificate[],
  isTrusted: boolean,
  now: number,
): CertificateError | undefined {
  const { notBefore, notAfter, obstacle, purposes } = certificate;
  const which = below.length === 0 ? 'The certificate' : `The certificate of ${issuerName(certificate)}`;
  if (!(now <= notAfter)) {
    return refusal('CERTIFICATE_EXPIRED', `${which} has expired on ${day(notAfter)}.`);
  }
  if (!(now >= notBefore)) {
    return refusal('CERTIFICATE_NOT_YET_VALID', `${which} is not valid before ${day(notBefore)}.`);
  }
  const unfit = (why: string): CertificateError => refusal('CERTIFICATE_UNFIT', `${which} ${why}.`);
  if (obstacle !== undefined) return unfit(obstacle);
  // Nobody relies on the signature of what is trusted itself.
  if (certificate.isWeak && !isTrusted) return unfit('has a weak signature or key');
  if (!isTrusted && purposes !== undefined && !purposes.some((one) => SERVER_PURPOSES.includes(one))) {
    return unfit('is not made for servers');
  }
  return below.length === 0 ? leafFault(certificate, unfit) : authorityFault(certificate, below, isTrusted, unfit);
}

function leafFault({ keyUsage }: ChainCertificate, unfit: Unfit): CertificateError | undefined {
  return keyUsage !== undefined && (keyUsage & KEY_USAGE_SERVER) === 0 ? unfit('is not made for servers') : undefined;
}

function authorityFault(
  certificate: ChainCertificate,
  below: readonly ChainCertificate[],
  isTrusted: boolean,
  unfit: Unfit,
): CertificateError | undefined {
  const { isAuthority, keyUsage, pathLength, permitted, excluded, version } = certificate;
  // Before version 3 there was no way to say it; roots are trusted by themselves.
  const mayIssue = isAuthority ?? (isTrusted && version < 2);
  if (!mayIssue || (keyUsage !== undefined && (keyUsage & KEY_USAGE_CERT_SIGN) === 0)) {
    return unfit('may not issue certificates');
  }
  const between = below.slice(0, -1).filter((one) => !equalBytes(one.subject, one.issuer));
  if (pathLength !== undefined && between.length > pathLength) return unfit('may not issue such long chains');
  for (const one of below) {
    const names = [...one.names, ...(one.subjectParts.length > 0 ? [directory(one)] : [])];
    if (names.some((name) => !isWithin(name, permitted, excluded))) return unfit('may not issue for such names');
  }
  return undefined;
}

type Unfit = (why: string) => CertificateError;

function directory({ subjectParts }: ChainCertificate): { type: 'directory'; parts: readonly string[] } {
  return { type: 'directory', parts: subjectParts };
}

/** serverAuth and anyExtendedKeyUsage (RFC 5280 §4.2.1.12). */
const SERVER_PURPOSES: readonly string[] = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];
/** digitalSignature, keyEncipherment, keyAgreement (RFC 5280 §4.2.1.3). */
const KEY_USAGE_SERVER = 0x80 | 0x20 | 0x08;
const KEY_USAGE_CERT_SIGN = 0x04;

function whyUntrusted(leaf: ChainCertificate): CertificateError {
  return equalBytes(leaf.subject, leaf.issuer)
    ? refusal('CERTIFICATE_SELF_SIGNED', 'The certificate is self-signed and not trusted.')
    : refusal('CERTIFICATE_UNKNOWN_ISSUER', 'The certificate does not lead to one that is trusted.');
}

/** The roots that can be of use: those whose bytes hold the name of an issuer, or that are in the chain themselves. */
function trustedFor(
  chain: readonly (ChainCertificate | undefined)[],
  roots: readonly Uint8Array[],
): readonly Uint8Array[] {
  // There are some 150 roots, and reading one takes longer than looking for a name in it.
  return roots.filter((root) =>
    chain.some((one) => one !== undefined && (holds(root, one.issuer) || equalBytes(root, one.der))),
  );
}

function holds(bytes: Uint8Array, part: Uint8Array): boolean {
  const [first = -1] = part;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (at + part.length > bytes.length) return false;
    if (equalBytes(bytes.subarray(at, at + part.length), part)) return true;
  }
  return false;
}

/** DER of roots. Throws `CERTIFICATE_BAD_PEM`. */
function rootsOf(roots: VerifyChainOptions['roots']): readonly Uint8Array[] {
  const known = decoded.get(roots);
  if (known !== undefined) return known;
  const ders = roots.flatMap((root): Uint8Array[] => {
    if (typeof root !== 'string') return [root];
    const blocks = decodePem(root).filter(({ label }) => label === 'CERTIFICATE');
    if (blocks.length === 0) throw refusal('CERTIFICATE_BAD_PEM', 'A trusted certificate has no CERTIFICATE block.');
    return blocks.map(({ bytes }) => bytes);
  });
  // An array that may still change is decoded each time.
  if (Object.isFrozen(roots)) decoded.set(roots, ders);
  return ders;
}

const decoded = new WeakMap<VerifyChainOptions['roots'], readonly Uint8Array[]>();

function namesOf({ names }: ChainCertificate): string {
  const texts = names.flatMap((name) => (name.type === 'dns' ? [printable(name.name)] : []));
  const addresses = names.filter(({ type }) => type === 'address').length;
  if (addresses > 0) texts.push(addresses === 1 ? 'an address' : `${addresses} addresses`);
  if (texts.length === 0) return 'no name';
  return texts.length > 4 ? `${texts.slice(0, 4).join(', ')} and more` : texts.join(', ');
}

function issuerName({ commonName }: ChainCertificate): string {
  return commonName === undefined ? 'an issuer' : printable(commonName);
}

/** Peers choose these; they end in logs. */
function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

function day(epoch: number): string {
  return Number.isFinite(epoch) ? new Date(epoch).toISOString().slice(0, 10) : 'an unreadable date';
}

function refusal(code: CertificateErrorCode, message: string): CertificateError {
  return new CertificateError(code, message);
}
