/**
 * TLS of the simulated network: a round trip and a certificate to look at; nothing is encrypted.
 *
 * The client says hello and the name it wants, the server answers with its certificate, the client says that it is content, and
 * from there on the bytes are the application's. What a certificate says stands in its text, see `simulatedCertificate`.
 */
import type { ByteStream, Clock, TlsClientOptions, TlsServerOptions } from '@kaon/interface/network/v1';
import { canonicalAddress, concatBytes, decodeUtf8, encodeUtf8, isMalformed } from '@kaon/wire';
import { failure } from '../failure.ts';
import { HostStream, type StreamCarrier } from './host-stream.ts';

/** Who a simulated certificate is from. */
export interface SimulatedCertificateOptions {
  /** Signed by itself. Default false: signed by a root that every host of the simulation trusts. */
  readonly selfSigned?: boolean | undefined;
}

/**
 * The text to give as `certificate` (and, being of no use, as `privateKey`) to `Host.listenTcp`: a certificate for these names
 * and addresses. Any other text counts as a self-signed certificate for every name.
 */
export function simulatedCertificate(names: readonly string[], options: SimulatedCertificateOptions = {}): string {
  const issuer = options.selfSigned === true ? 'itself' : 'the simulated root';
  return `simulated certificate\nnames: ${names.map(plainName).join(' ')}\nissuer: ${issuer}\n`;
}

/** Begins TLS as the client. */
export function connectTls(stream: ByteStream, options: TlsClientOptions, clock: Clock): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const abort = (): void => over('ABORT_ERR');
    const over = (code: string): void => {
      signal?.removeEventListener('abort', abort);
      lines.stop();
      stream.close();
      reject(failure(code, options.hostname));
    };
    const lines = new Lines(stream, clock, options.timeout ?? 10_000, over, (line, rest) => {
      if (!line.startsWith(CERTIFICATE)) {
        over('ERR_SSL_WRONG_VERSION_NUMBER');
        return;
      }
      const fault = verify(JSON.parse(line.slice(CERTIFICATE.length)) as string, options);
      if (fault !== undefined) {
        over(fault);
        return;
      }
      signal?.removeEventListener('abort', abort);
      lines.stop();
      say(stream, FINISHED);
      resolve(secured(stream, rest));
    });
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else say(stream, `${HELLO}${options.hostname}`);
  });
}

/** Does TLS as the server; a client that does not bring it to an end is closed. */
export function acceptTls(
  stream: ByteStream,
  tls: TlsServerOptions,
  clock: Clock,
  onSecured: (stream: ByteStream) => void,
): void {
  const over = (): void => {
    lines.stop();
    stream.close();
  };
  const lines = new Lines(stream, clock, 10_000, over, (line, rest) => {
    if (line.startsWith(HELLO)) {
      say(stream, `${CERTIFICATE}${JSON.stringify(tls.certificate)}`);
    } else if (line === FINISHED) {
      lines.stop();
      onSecured(secured(stream, rest));
    } else {
      over();
    }
  });
}

/** The reason why a certificate will not do, as the platform codes it. */
function verify(text: string, { hostname, trustedCertificates, verify: wanted }: TlsClientOptions): string | undefined {
  if (wanted === false) return undefined;
  const [, names, issuer] = /^simulated certificate\nnames: (.*)\nissuer: (.*)\n$/.exec(text) ?? [];
  const trusted =
    trustedCertificates === undefined
      ? issuer === 'the simulated root'
      : trustedCertificates.some((one) => one.trim() === text.trim());
  if (!trusted) return 'DEPTH_ZERO_SELF_SIGNED_CERT';
  const fits = names === undefined || names.split(' ').includes(plainName(hostname));
  return fits ? undefined : 'ERR_TLS_CERT_ALTNAME_INVALID';
}

function plainName(name: string): string {
  return canonicalAddress(name) ?? name.toLowerCase();
}

function say(stream: ByteStream, line: string): void {
  const bytes = encodeUtf8(`${line}\n`);
  stream.write(bytes, 0, bytes.length);
}

/** The stream after the handshake, with what came along with its end. */
function secured(below: ByteStream, rest: Uint8Array): ByteStream {
  const carrier: StreamCarrier = {
    write: (bytes) => void below.write(bytes, 0, bytes.length),
    buffered: () => below.bufferedAmount,
    close: () => below.close(),
    consumed: () => listen(),
  };
  const stream = new HostStream(below.local, below.remote, carrier);
  // While nobody reads above, nobody reads below: the window shuts.
  const listen = (): void => {
    below.onData = (bytes) => {
      stream.deliver(bytes);
      if (stream.waitingBytes > 0) below.onData = undefined;
    };
  };
  below.onClose = (error) => stream.ended(error);
  below.onDrain = () => stream.drained();
  if (rest.length > 0) stream.deliver(rest);
  else listen();
  return stream;
}

/** Reads lines from a stream, for a limited time and of limited length. */
class Lines {
  readonly #stream: ByteStream;
  readonly #cancel: () => void;

  constructor(
    stream: ByteStream,
    clock: Clock,
    timeout: number,
    over: (code: string) => void,
    onLine: (line: string, rest: Uint8Array) => void,
  ) {
    this.#stream = stream;
    const timer = clock.timer(() => over('ETIMEDOUT'));
    timer.reset(clock.now() + timeout);
    this.#cancel = () => timer.cancel();
    let got = new Uint8Array(0);
    stream.onData = (bytes) => {
      got = concatBytes(got, bytes) as Uint8Array<ArrayBuffer>;
      const end = got.indexOf(0x0a);
      if (end < 0) {
        if (got.length > MAX_LINE) over('ERR_SSL_WRONG_VERSION_NUMBER');
        return;
      }
      const line = decodeUtf8(got.subarray(0, end));
      const rest = got.slice(end + 1);
      got = new Uint8Array(0);
      if (isMalformed(line)) over('ERR_SSL_WRONG_VERSION_NUMBER');
      else onLine(line, rest);
    };
    stream.onClose = () => over('ECONNRESET');
  }

  stop(): void {
    this.#cancel();
    this.#stream.onData = undefined;
    this.#stream.onClose = undefined;
    this.#stream.onDrain = undefined;
  }
}

const HELLO = 'simulated TLS hello ';
const CERTIFICATE = 'simulated TLS certificate ';
const FINISHED = 'simulated TLS finished';
const MAX_LINE = 65_536;
