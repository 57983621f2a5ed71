import { checkAddressRewrites } from '@kaon/ice';
import { canonicalAddress, isUnspecified } from '@kaon/wire';
import { RTCCertificate, type RTCCertificateLike } from './certificate.ts';
import { domError } from './errors.ts';
import { parseIceServers, type RTCIceServer, type ServerUrl } from './ice-servers.ts';
import { enforceRange, toEnum } from './idl.ts';
import type { KaonOptions } from './kaon-options.ts';
import type { MediaOptions } from './media/options.ts';

/** First argument of `RTCPeerConnection` (W3C WebRTC §4.2.1). */
export interface RTCConfiguration {
  /** Default none: nothing is contacted that is not named here. */
  iceServers?: RTCIceServer[];
  iceTransportPolicy?: 'all' | 'relay';
  bundlePolicy?: 'balanced' | 'max-compat' | 'max-bundle';
  rtcpMuxPolicy?: 'require';
  /** Default: a new one per connection. */
  certificates?: RTCCertificateLike[];
  /** Above 0, gathering begins before it is asked for. 0 to 255. */
  iceCandidatePoolSize?: number;
  /** What the standard does not have. */
  kaon?: KaonOptions;
}

/** A configuration with everything in it, checked. */
export interface Configuration {
  readonly iceServers: readonly RTCIceServer[];
  readonly servers: readonly ServerUrl[];
  readonly iceTransportPolicy: 'all' | 'relay';
  readonly bundlePolicy: 'balanced' | 'max-compat' | 'max-bundle';
  readonly rtcpMuxPolicy: 'require';
  readonly certificates: readonly RTCCertificate[];
  readonly iceCandidatePoolSize: number;
  /** As it was given, save that `keyLog` and `trace` cannot throw. */
  readonly kaon: KaonOptions;
  readonly givenKaon: KaonOptions;
}

/** The configuration that `input` asks for. Throws TypeError, SyntaxError or InvalidAccessError as the standard has it. */
export function parseConfiguration(input: RTCConfiguration | undefined | null): Configuration {
  const given = input ?? {};
  if (typeof given !== 'object') throw new TypeError('the configuration is not an object');
  const certificates = [...(given.certificates ?? [])].map(checkCertificate);
  const iceServers = [...(given.iceServers ?? [])].map((server) => ({ ...server }));
  const kaon = given.kaon ?? {};
  checkOptions(kaon);
  return {
    iceServers,
    servers: parseIceServers(iceServers),
    iceTransportPolicy: toEnum('RTCIceTransportPolicy', given.iceTransportPolicy ?? 'all', ['all', 'relay']),
    bundlePolicy: toEnum('RTCBundlePolicy', given.bundlePolicy ?? 'balanced', ['balanced', 'max-compat', 'max-bundle']),
    rtcpMuxPolicy: toEnum('RTCRtcpMuxPolicy', given.rtcpMuxPolicy ?? 'require', ['require']),
    certificates,
    iceCandidatePoolSize: enforceRange('iceCandidatePoolSize', given.iceCandidatePoolSize ?? 0, 255),
    kaon: withQuietObservers(kaon),
    givenKaon: kaon,
  };
}

/** What `setConfiguration` makes of the current configuration. Throws InvalidModificationError on what cannot change. */
export function changeConfiguration(
  current: Configuration,
  input: RTCConfiguration | undefined,
  hasLocalDescription: boolean,
): Configuration {
  // What the standard lets nobody change keeps its value when it is left out; so do options of ours.
  const { bundlePolicy, rtcpMuxPolicy } = current;
  const certificates = [...current.certificates];
  const next = parseConfiguration({ bundlePolicy, rtcpMuxPolicy, certificates, ...input, kaon: current.givenKaon });
  const refuse = (what: string): never => {
    throw domError('InvalidModificationError', `${what} cannot be changed`);
  };
  if (input?.kaon !== undefined && input.kaon !== current.givenKaon) refuse('kaon');
  if (next.bundlePolicy !== bundlePolicy) refuse('bundlePolicy');
  if (next.rtcpMuxPolicy !== rtcpMuxPolicy) refuse('rtcpMuxPolicy');
  const same =
    next.certificates.length === certificates.length && next.certificates.every((one, i) => one === certificates[i]);
  if (!same) refuse('certificates');
  if (hasLocalDescription && next.iceCandidatePoolSize !== current.iceCandidatePoolSize)
    refuse('iceCandidatePoolSize after setLocalDescription');
  return next;
}

/** A configuration as `getConfiguration` shows it. */
export function showConfiguration(configuration: Configuration): RTCConfiguration {
  const { iceTransportPolicy, bundlePolicy, rtcpMuxPolicy, iceCandidatePoolSize, givenKaon: kaon } = configuration;
  return {
    iceServers: configuration.iceServers.map((server) => ({ ...server })),
    iceTransportPolicy,
    bundlePolicy,
    rtcpMuxPolicy,
    certificates: [...configuration.certificates],
    iceCandidatePoolSize,
    ...(Object.keys(kaon).length > 0 ? { kaon } : {}),
  };
}

/** Whoever watches must not be able to disturb what is watched. */
function withQuietObservers(kaon: KaonOptions): KaonOptions {
  const { keyLog, trace } = kaon;
  if (keyLog === undefined && trace === undefined) return kaon;
  const quiet =
    <T>(observer: (value: T) => void) =>
    (value: T): void => {
      try {
        observer(value);
      } catch {
        // A bug of the application, which costs it this line alone.
      }
    };
  return { ...kaon, keyLog: keyLog && quiet(keyLog), trace: trace && quiet(trace) };
}

function checkOptions(kaon: KaonOptions): void {
  if (typeof kaon !== 'object' || kaon === null) throw new TypeError('kaon is not an object');
  const range = (name: keyof KaonOptions, min: number, max: number): void => {
    const value = kaon[name] as number | undefined;
    if (value !== undefined && !(value >= min && value <= max))
      throw new TypeError(`kaon.${name} is not in the range ${min} to ${max}`);
  };
  range('maxMessageSize', 1, 2 ** 30);
  range('sendBufferSize', 1, 2 ** 40);
  range('receiveBufferSize', 1500, 2 ** 31);
  range('mtu', 576, 65507);
  range('checkInterval', 5, 60_000);
  range('disconnectedTimeout', 1, 2 ** 31);
  range('failedTimeout', 1, 2 ** 31);
  range('patience', 0, 2 ** 31);
  checkMedia(kaon.media);
  // One socket per address of an interface: candidates have to name it.
  each('bindAddresses', kaon.bindAddresses, (address) => {
    const canonical = canonicalAddress(String(address));
    return canonical !== undefined && !isUnspecified(canonical);
  });
  each('families', kaon.families, (family) => family === 'IPv4' || family === 'IPv6');
  each('candidateTypes', kaon.candidateTypes, (type) => ['host', 'srflx', 'prflx', 'relay'].includes(type));
  each('tcpCandidates', kaon.tcpCandidates, (type) => ['active', 'passive', 'so'].includes(type));
  for (const name of ['portRange', 'tcpPortRange'] as const) {
    const [min, max] = kaon[name] ?? [1, 65535];
    if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max <= 65535 && min <= max))
      throw new TypeError(`kaon.${name} is not a pair of ports in order`);
  }
  if (kaon.pathMtu !== undefined) toEnum('kaon.pathMtu', kaon.pathMtu, ['auto', 'fixed']);
  if (kaon.mdns !== undefined) toEnum('kaon.mdns', kaon.mdns, ['resolve', 'hide', 'off']);
  try {
    checkAddressRewrites(kaon.addressRewrites ?? []);
  } catch (error) {
    throw new TypeError(`kaon.addressRewrites: ${(error as Error).message}`, { cause: error });
  }
  const prefixes = [kaon.udpMux, kaon.tcpMux].flatMap((mux) => mux?.usernameFragmentPrefix ?? []);
  if (new Set(prefixes).size > 1) throw new TypeError('kaon.udpMux and kaon.tcpMux want different username fragments');
}

function checkMedia(media: MediaOptions | undefined): void {
  if (media === undefined) return;
  if (typeof media !== 'object' || media === null) throw new TypeError('kaon.media is not an object');
  const { startBitrate, minBitrate = 0, maxBitrate = Number.POSITIVE_INFINITY, maxStreams } = media;
  const { jitterBuffer, congestionFeedback } = media;
  const inRange = (value: number | undefined, min: number, max: number): boolean =>
    value === undefined || (value >= min && value <= max);
  const rates = inRange(minBitrate, 0, maxBitrate) && inRange(maxBitrate, 1, Number.POSITIVE_INFINITY);
  if (!rates || !inRange(startBitrate, Math.max(1, minBitrate), maxBitrate))
    throw new TypeError('kaon.media has bitrates that are not in order');
  if (!inRange(maxStreams, 1, 2 ** 20)) throw new TypeError('kaon.media.maxStreams is not in the range 1 to 1048576');
  if (congestionFeedback !== undefined)
    toEnum('kaon.media.congestionFeedback', congestionFeedback, ['transport-cc', 'rfc8888']);
  if (jitterBuffer !== undefined) toEnum('kaon.media.jitterBuffer', jitterBuffer, ['adaptive', 'immediate', 'off']);
}

function each<T>(name: string, values: readonly T[] | undefined, isGood: (value: T) => boolean): void {
  for (const value of values ?? [])
    if (!isGood(value)) throw new TypeError(`kaon.${name} cannot have ${String(value)}`);
}

function checkCertificate(certificate: RTCCertificateLike): RTCCertificate {
  if (!(certificate instanceof RTCCertificate)) throw new TypeError('certificates must be RTCCertificate objects');
  if (certificate.expires < Date.now()) throw domError('InvalidAccessError', 'a certificate has expired');
  return certificate;
}
