/**
 * A link between two processes on this host, in a process of its own: `node link.ts '{"delay":25,...}'`. Datagrams wait and get
 * lost by a seed, so that every library meets the same. Answers lines of JSON on its standard input, see `LinkCommand`.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';

export interface LinkOptions {
  /** One way, in ms. */
  readonly delay: number;
  /** Of 1. */
  readonly loss: number;
  /** Bit/s of all flows together, each way; 0: no limit. */
  readonly bitrate: number;
  /** Bytes that wait for the bottleneck before what comes later is dropped. */
  readonly queue: number;
  readonly seed: number;
}

export type LinkCommand =
  /** A flow between two ends by the addresses of their candidates. Answers where each end finds the other one. */
  | { readonly cmd: 'flow'; readonly a: LinkAddress; readonly b: LinkAddress }
  /** What the link did since the last question. */
  | { readonly cmd: 'counts' };

export interface LinkAddress {
  readonly address: string;
  readonly port: number;
}

export interface LinkAnswers {
  /** `a` is where the second end finds the first one, `b` where the first end finds the second one. */
  readonly flow: { readonly a: LinkAddress; readonly b: LinkAddress };
  readonly counts: { readonly carried: number; readonly lost: number; readonly overflowed: number };
}

function serve(options: LinkOptions): void {
  const link = new Link(options);
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const command = JSON.parse(line) as LinkCommand;
      const answer = command.cmd === 'flow' ? link.flow(command.a, command.b) : Promise.resolve(link.counts());
      answer.then(
        (value) => process.stdout.write(`${JSON.stringify(value)}\n`),
        (error: unknown) => process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`),
      );
    })
    .on('close', () => process.exit(0));
}

class Link {
  readonly #directions: readonly [Direction, Direction];
  #told = { carried: 0, lost: 0, overflowed: 0 };

  constructor(options: LinkOptions) {
    this.#directions = [new Direction(options, options.seed), new Direction(options, options.seed + 1)];
    setInterval(() => {
      for (const direction of this.#directions) direction.release(performance.now());
    }, 1);
  }

  /** Two sockets: what one end sends to the first leaves by the second, and the other way round. */
  async flow(a: LinkAddress, b: LinkAddress): Promise<LinkAnswers['flow']> {
    const [toB, toA] = [await open(b.address), await open(a.address)];
    let [sourceA, sourceB]: [LinkAddress, LinkAddress] = [a, b];
    toB.on('message', (bytes, from: RemoteInfo) => {
      sourceA = from;
      this.#directions[0].take(bytes, () => toA.send(bytes, sourceB.port, sourceB.address));
    });
    toA.on('message', (bytes, from: RemoteInfo) => {
      sourceB = from;
      this.#directions[1].take(bytes, () => toB.send(bytes, sourceA.port, sourceA.address));
    });
    return { a: toA.address(), b: toB.address() };
  }

  counts(): LinkAnswers['counts'] {
    const [there, back] = this.#directions;
    const now = {
      carried: there.carried + back.carried,
      lost: there.lost + back.lost,
      overflowed: there.overflowed + back.overflowed,
    };
    const { carried, lost, overflowed } = this.#told;
    this.#told = now;
    return { carried: now.carried - carried, lost: now.lost - lost, overflowed: now.overflowed - overflowed };
  }
}

/** One way of the link, shared by all flows. */
class Direction {
  readonly #options: LinkOptions;
  readonly #waiting: { at: number; send(): void }[] = [];
  #random: number;
  /** When the bottleneck has sent all it took. */
  #busyUntil = 0;
  carried = 0;
  lost = 0;
  overflowed = 0;

  constructor(options: LinkOptions, seed: number) {
    this.#options = options;
    this.#random = (Math.imul(seed, 0x9e3779b9) | 1) >>> 0;
  }

  take(bytes: Uint8Array, send: () => void): void {
    const { delay, loss, bitrate, queue } = this.#options;
    const now = performance.now();
    if (this.#draw() < loss) {
      this.lost++;
      return;
    }
    let leaves = now;
    if (bitrate > 0) {
      const backlog = ((Math.max(this.#busyUntil - now, 0) / 1000) * bitrate) / 8;
      if (backlog + bytes.length > queue) {
        this.overflowed++;
        return;
      }
      this.#busyUntil = Math.max(this.#busyUntil, now) + (bytes.length * 8000) / bitrate;
      leaves = this.#busyUntil;
    }
    this.carried++;
    this.#waiting.push({ at: leaves + delay, send });
  }

  /** Sends what is due. Times only grow, so the first that is not due ends it. */
  release(now: number): void {
    let due = 0;
    while (due < this.#waiting.length && this.#waiting[due]!.at <= now) this.#waiting[due++]!.send();
    if (due > 0) this.#waiting.splice(0, due);
  }

  /** Between 0 and 1, by xorshift. */
  #draw(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x >>> 0;
    return this.#random / 2 ** 32;
  }
}

function open(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, address, () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      // Bursts of a whole window come at once; what the kernel drops would be lost for some and not for others.
      socket.setRecvBufferSize(4 * 1024 * 1024);
      socket.setSendBufferSize(4 * 1024 * 1024);
      resolve(socket);
    });
  });
}

// Last, for the classes above to be there.
if (process.argv[2] !== undefined) serve(JSON.parse(process.argv[2]) as LinkOptions);
