import type { Instant, Path } from '@kaon/interface/core/v1';

/** What went over one path, connectivity checks apart. */
export interface Carried {
  packetsSent: number;
  packetsReceived: number;
  bytesSent: number;
  bytesReceived: number;
  /** Undefined before the first packet. */
  lastSentAt: Instant | undefined;
  lastReceivedAt: Instant | undefined;
}

/** Counters by path. Only for paths that ICE knows: those of strangers would fill it up. */
export class PathCounters {
  readonly #byKey = new Map<string, Carried>();
  #lastSent: Path | undefined = undefined;
  #sent: Carried = nothing();
  #lastReceived: Path | undefined = undefined;
  #received: Carried = nothing();

  sent(path: Path, bytes: number, now: Instant): void {
    if (path !== this.#lastSent) {
      this.#sent = this.#make(path);
      this.#lastSent = path;
    }
    this.#sent.packetsSent++;
    this.#sent.bytesSent += bytes;
    this.#sent.lastSentAt = now;
  }

  received(path: Path, bytes: number, now: Instant): void {
    if (path !== this.#lastReceived) {
      this.#received = this.#make(path);
      this.#lastReceived = path;
    }
    this.#received.packetsReceived++;
    this.#received.bytesReceived += bytes;
    this.#received.lastReceivedAt = now;
  }

  /** What a path has carried; zeros when that is nothing. */
  of(path: Path): Readonly<Carried> {
    return this.#byKey.get(keyOf(path)) ?? nothing();
  }

  #make(path: Path): Carried {
    const key = keyOf(path);
    let carried = this.#byKey.get(key);
    if (carried === undefined) {
      if (this.#byKey.size >= MAX_PATHS) this.#byKey.delete(this.#byKey.keys().next().value as string);
      carried = nothing();
      this.#byKey.set(key, carried);
    }
    return carried;
  }
}

function nothing(): Carried {
  const zeros = { packetsSent: 0, packetsReceived: 0, bytesSent: 0, bytesReceived: 0 };
  return { ...zeros, lastSentAt: undefined, lastReceivedAt: undefined };
}

/** Paths are made anew by whoever sees a datagram: equal ones are not the same object. */
function keyOf({ protocol, local, remote }: Path): string {
  return `${protocol} ${local.address}|${local.port} ${remote.address}|${remote.port}`;
}

/** As many as pairs of candidates are checked. */
const MAX_PATHS = 100;
