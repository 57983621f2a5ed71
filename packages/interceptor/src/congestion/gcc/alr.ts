/**
 * Application-limited region: tells whether the application sends clearly less than it might, so that what arrives
 * says little about what the network could carry. It is entered when less than about 65 % of the target is used for
 * a while and left when more is.
 */
export class AlrDetector {
  #target = 0;
  #budget = 0;
  #at = Number.NaN;
  #since: number | undefined;

  /** Since when the application is the limit, or undefined. */
  get since(): number | undefined {
    return this.#since;
  }

  /** The target bitrate in bit/s. */
  setTarget(bitrate: number): void {
    const before = this.#most();
    this.#target = bitrate;
    // The level keeps its share of the window.
    if (before > 0) this.#budget *= this.#most() / before;
  }

  /** `bytes` left at `now`; 0 lets only time pass. */
  sent(bytes: number, now: number): void {
    const most = this.#most();
    if (!Number.isNaN(this.#at)) this.#budget += (((now - this.#at) * this.#target) / 8000) * USAGE;
    this.#at = now;
    this.#budget = Math.min(Math.max(this.#budget - bytes, -most), most);
    if (most === 0) return;
    const level = this.#budget / most;
    if (level > ENTER && this.#since === undefined) this.#since = now;
    else if (level < LEAVE) this.#since = undefined;
  }

  /** What may be saved up: a window of half a second. */
  #most(): number {
    return ((WINDOW_MS * this.#target) / 8000) * USAGE;
  }
}

const USAGE = 0.65;
const ENTER = 0.8;
const LEAVE = 0.5;
const WINDOW_MS = 500;
