import type { GeneralName, Certificate as ParsedCertificate, RelativeDistinguishedNames } from 'pkijs';

/** What of a certificate (RFC 5280 §4) decides on whether it is trusted. */
export interface ChainCertificate {
  readonly der: Uint8Array;
  /** DER of the Names. Issuers must repeat a subject byte for byte (RFC 5280 §4.1.2.4). */
  readonly subject: Uint8Array;
  readonly issuer: Uint8Array;
  /** The RDNs of the subject, each in text that is equal for equal ones. */
  readonly subjectParts: readonly string[];
  /** The common name for messages, or undefined. */
  readonly commonName: string | undefined;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Version 1 certificates have no extensions: a root may be one. */
  readonly version: number;
  /** BasicConstraints: undefined when absent. */
  readonly isAuthority: boolean | undefined;
  /** Intermediate certificates that may stand below it; undefined: any number. */
  readonly pathLength: number | undefined;
  /** First byte of KeyUsage, undefined when absent. */
  readonly keyUsage: number | undefined;
  /** Object identifiers of ExtendedKeyUsage, undefined when absent. */
  readonly purposes: readonly string[] | undefined;
  readonly names: readonly Name[];
  readonly permitted: readonly Name[];
  readonly excluded: readonly Name[];
  /** A critical extension that nobody here understands, or one that cannot be read. */
  readonly obstacle: string | undefined;
  /** Signed by an algorithm that is broken, or with a key that is too short. */
  readonly isWeak: boolean;
  /** Whether the signature is by the key of `issuer`. Never rejects. */
  isSignedBy(issuer: ChainCertificate): Promise<boolean>;
}

/** A GeneralName (RFC 5280 §4.2.1.6), as far as it matters here. */
export type Name =
  | { readonly type: 'dns'; readonly name: string }
  /** 4 or 16 bytes; twice as many in a constraint, where a mask follows. */
  | { readonly type: 'address'; readonly bytes: Uint8Array }
  | { readonly type: 'directory'; readonly parts: readonly string[] }
  /** Any other kind, by its tag. */
  | { readonly type: 'other'; readonly tag: number };

/** Reads certificates by pkijs, which is loaded on first use. */
export async function chainReader(): Promise<(der: Uint8Array) => ChainCertificate | undefined> {
  const { Certificate } = await import('pkijs');
  const parsedOf = new WeakMap<ChainCertificate, ParsedCertificate>();
  return (der) => {
    try {
      const parsed = Certificate.fromBER(der.slice());
      const certificate = describe(der, parsed, async (issuer) => {
        const parsedIssuer = parsedOf.get(issuer);
        try {
          return parsedIssuer !== undefined && (await parsed.verify(parsedIssuer));
        } catch {
          // An algorithm that is unknown, or a signature that is none.
          return false;
        }
      });
      parsedOf.set(certificate, parsed);
      return certificate;
    } catch {
      return undefined;
    }
  };
}

function describe(
  der: Uint8Array,
  parsed: ParsedCertificate,
  isSignedBy: ChainCertificate['isSignedBy'],
): ChainCertificate {
  const extensions = new Map<string, unknown>();
  let obstacle: string | undefined;
  for (const { extnID, critical, parsedValue } of parsed.extensions ?? []) {
    // The same one twice would mean something else to each reader (RFC 5280 §4.2).
    if (extensions.has(extnID)) obstacle = `has the extension ${extnID} twice`;
    if (!Object.values(EXTENSION).includes(extnID)) {
      if (critical) obstacle = `has a critical extension that is not known here, ${extnID}`;
    } else if (parsedValue === undefined || 'parsingError' in parsedValue) obstacle = `has a bad extension ${extnID}`;
    extensions.set(extnID, parsedValue);
  }
  const inner = parsed.signature.algorithmId;
  if (inner !== parsed.signatureAlgorithm.algorithmId) obstacle = 'names two signature algorithms';
  const basic = extensions.get(EXTENSION.basicConstraints) as { cA?: boolean; pathLenConstraint?: unknown } | undefined;
  const usage = extensions.get(EXTENSION.keyUsage) as { valueBlock: { valueHexView: Uint8Array } } | undefined;
  const purposes = extensions.get(EXTENSION.extendedKeyUsage) as { keyPurposes: string[] } | undefined;
  const alternative = extensions.get(EXTENSION.subjectAltName) as { altNames: GeneralName[] } | undefined;
  const limits = extensions.get(EXTENSION.nameConstraints) as Record<string, { base: GeneralName }[]> | undefined;
  const subtrees = (list: { base: GeneralName }[] | undefined): Name[] => (list ?? []).map(({ base }) => nameOf(base));
  return {
    der,
    subject: new Uint8Array(parsed.subject.valueBeforeDecode),
    issuer: new Uint8Array(parsed.issuer.valueBeforeDecode),
    subjectParts: partsOf(parsed.subject),
    commonName: commonName(parsed.subject),
    notBefore: parsed.notBefore.value.getTime(),
    notAfter: parsed.notAfter.value.getTime(),
    version: parsed.version,
    isAuthority: basic === undefined ? undefined : basic.cA === true,
    pathLength: typeof basic?.pathLenConstraint === 'number' ? basic.pathLenConstraint : undefined,
    keyUsage: usage === undefined ? undefined : (usage.valueBlock.valueHexView[0] ?? 0),
    purposes: purposes?.keyPurposes,
    names: (alternative?.altNames ?? []).map(nameOf),
    permitted: subtrees(limits?.permittedSubtrees),
    excluded: subtrees(limits?.excludedSubtrees),
    obstacle,
    isWeak: BROKEN.has(inner) || hasShortKey(parsed),
    isSignedBy,
  };
}

/** Those that are looked at, or that say nothing that would restrict a server's name. */
const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
};

/** RSA with MD2, MD5 and SHA-1, ECDSA with SHA-1. */
const BROKEN = new Set(['1.2.840.113549.1.1.2', '1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5', '1.2.840.10045.4.1']);

function hasShortKey({ subjectPublicKeyInfo }: ParsedCertificate): boolean {
  const { parsedKey } = subjectPublicKeyInfo;
  if (parsedKey === undefined || !('modulus' in parsedKey)) return false;
  const modulus = parsedKey.modulus.valueBlock.valueHexView;
  return modulus.length - (modulus[0] === 0 ? 1 : 0) < 256;
}

function nameOf({ type, value }: GeneralName): Name {
  switch (type) {
    case 2:
      return { type: 'dns', name: String(value) };
    case 4:
      return { type: 'directory', parts: partsOf(value as RelativeDistinguishedNames) };
    case 7:
      return {
        type: 'address',
        bytes: (value as { valueBlock: { valueHexView: Uint8Array } }).valueBlock.valueHexView,
      };
    default:
      return { type: 'other', tag: type };
  }
}

function partsOf({ typesAndValues }: RelativeDistinguishedNames): string[] {
  return typesAndValues.map(({ type, value }) => {
    // Whitespace and case do not count when names are compared (RFC 5280 §7.1).
    const text = String(value.valueBlock.value).trim().replace(/\s+/g, ' ').toLowerCase();
    return `${type}=${text}`;
  });
}

function commonName({ typesAndValues }: RelativeDistinguishedNames): string | undefined {
  const found = typesAndValues.find(({ type }) => type === '2.5.4.3');
  return found === undefined ? undefined : String(found.value.valueBlock.value);
}
