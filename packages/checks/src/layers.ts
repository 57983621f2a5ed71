/** Who may import whom: section 3 of the design, as a table. */

/** Packages whose sources must not know the platform. */
export const CORE_PACKAGES: readonly string[] = [
  'wire',
  'stun',
  'ice',
  'dtls',
  'sctp',
  'datachannel',
  'sdp',
  'rtp',
  'srtp',
  'interceptor',
  'turn',
  'mdns',
];

/** Folders of core packages that are exempt: `@kaon/dtls/certificate` is asynchronous and uses WebCrypto, `@kaon/turn/node` is a program. */
export const IMPURE_FOLDERS: readonly string[] = ['packages/dtls/src/certificate/', 'packages/turn/src/node/'];

/** What each published package may depend on. `@kaon/` is left out. Everything else is forbidden. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  interface: [],
  wire: ['interface'],
  stun: ['interface', 'wire', '@noble/hashes'],
  ice: ['interface', 'wire', 'stun'],
  dtls: ['interface', 'wire', '@noble/ciphers', '@noble/curves', '@noble/hashes', 'asn1js', 'pkijs'],
  sctp: ['interface', 'wire'],
  datachannel: ['interface', 'wire'],
  sdp: ['interface', 'wire'],
  rtp: ['interface', 'wire'],
  srtp: ['interface', 'wire', '@noble/ciphers', '@noble/hashes'],
  interceptor: ['interface', 'wire', 'rtp'],
  media: ['interface', 'wire', 'rtp', 'mediabunny'],
  turn: ['interface', 'wire', 'stun', 'dtls', 'runtime'],
  mdns: ['interface', 'wire', 'dns-packet'],
  runtime: ['interface', 'wire'],
  testing: ['interface', 'wire'],
  webrtc: [
    'interface',
    'wire',
    'stun',
    'ice',
    'dtls',
    'sctp',
    'datachannel',
    'sdp',
    'rtp',
    'srtp',
    'interceptor',
    'turn',
    'mdns',
    'runtime',
  ],
  doctor: ['interface', 'wire', 'stun', 'runtime', 'webrtc'],
};

/** Packages that only one folder may import. */
export const ONLY_FROM: Readonly<Record<string, string>> = {
  asn1js: 'packages/dtls/src/certificate/',
  pkijs: 'packages/dtls/src/certificate/',
};

/** The package a specifier belongs to: `@kaon/dtls/certificate` is of `@kaon/dtls`. Undefined for relative and `node:`. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** `dtls` for `@kaon/dtls`, other names as they are. */
export function shortName(name: string): string {
  return name.replace('@kaon/', '');
}
