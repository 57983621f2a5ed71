/**
 * Groups packets into bursts and tells how the spacing of bursts changed on the way (draft-ietf-rmcat-gcc-02 §5.2):
 * packets sent within 5 ms belong together, and so do packets that arrive closer together than they were sent.
 */
export class InterArrival {
  /** Between the last two complete groups, in ms; set when `add` returns true. */
  sendDelta = 0;
  arrivalDelta = 0;
  #current: Group = emptyGroup();
  #previous: Group = emptyGroup();
  #outOfOrder = 0;

  /**
   * Takes a packet that arrived: both times in ms, each by its own clock. Returns whether a group has been completed,
   * so that `sendDelta` and `arrivalDelta` hold a new measurement. Packets sent before the current group are ignored.
   */
  add(sentAt: number, arrivedAt: number): boolean {
    const current = this.#current;
    if (!current.used) {
      begin(current, sentAt, arrivedAt);
      return false;
    }
    if (sentAt < current.firstSent) return false;
    if (!this.#isNewGroup(sentAt, arrivedAt)) {
      current.lastSent = Math.max(current.lastSent, sentAt);
      current.lastArrival = arrivedAt;
      return false;
    }
    const measured = this.#previous.used && this.#measure();
    const spare = this.#previous;
    this.#previous = current;
    this.#current = spare;
    begin(spare, sentAt, arrivedAt);
    return measured;
  }

  reset(): void {
    this.#current.used = false;
    this.#previous.used = false;
    this.#outOfOrder = 0;
  }

  #measure(): boolean {
    this.sendDelta = this.#current.lastSent - this.#previous.lastSent;
    this.arrivalDelta = this.#current.lastArrival - this.#previous.lastArrival;
    if (this.arrivalDelta >= 0) {
      this.#outOfOrder = 0;
      return true;
    }
    // The peer's clock was set back, or packets were reordered by more than a group.
    if (++this.#outOfOrder >= REORDERED_RESET) this.reset();
    return false;
  }

  #isNewGroup(sentAt: number, arrivedAt: number): boolean {
    const current = this.#current;
    const arrivalDelta = arrivedAt - current.lastArrival;
    const sendDelta = sentAt - current.lastSent;
    const burst =
      arrivalDelta - sendDelta < 0 && arrivalDelta <= BURST_MS && arrivedAt - current.firstArrival < LONGEST_BURST_MS;
    return !burst && sentAt - current.firstSent > BURST_MS;
  }
}

const BURST_MS = 5;
const LONGEST_BURST_MS = 100;
const REORDERED_RESET = 3;

interface Group {
  used: boolean;
  firstSent: number;
  lastSent: number;
  firstArrival: number;
  lastArrival: number;
}

function emptyGroup(): Group {
  return { used: false, firstSent: 0, lastSent: 0, firstArrival: 0, lastArrival: 0 };
}

function begin(group: Group, sentAt: number, arrivedAt: number): void {
  group.used = true;
  group.firstSent = sentAt;
  group.lastSent = sentAt;
  group.firstArrival = arrivedAt;
  group.lastArrival = arrivedAt;
}
