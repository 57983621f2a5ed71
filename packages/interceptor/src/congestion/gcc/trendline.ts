/**
 * The slope of the one-way delay over time: a line fitted by least squares through the smoothed, accumulated delay
 * of the last groups (the trendline filter that libwebrtc uses in place of the Kalman filter of
 * draft-ietf-rmcat-gcc-02 §5.3).
 */
export class Trendline {
  readonly #time = new Float64Array(WINDOW);
  readonly #delay = new Float64Array(WINDOW);
  #count = 0;
  #firstArrival = Number.NaN;
  #accumulated = 0;
  #smoothed = 0;
  #slope = 0;

  /** How many groups have been seen. */
  get count(): number {
    return this.#count;
  }

  /** Change of delay per ms of time: positive while a queue grows. 0 until the window is full. */
  get slope(): number {
    return this.#slope;
  }

  /** One group: by how many ms it took longer than the group before, and when it arrived. */
  add(variation: number, arrivedAt: number): void {
    if (this.#count === 0) this.#firstArrival = arrivedAt;
    this.#accumulated += variation;
    this.#smoothed = SMOOTHING * this.#smoothed + (1 - SMOOTHING) * this.#accumulated;
    const at = this.#count % WINDOW;
    this.#time[at] = arrivedAt - this.#firstArrival;
    this.#delay[at] = this.#smoothed;
    this.#count++;
    if (this.#count >= WINDOW) this.#slope = this.#fit();
  }

  reset(): void {
    this.#count = 0;
    this.#accumulated = 0;
    this.#smoothed = 0;
    this.#slope = 0;
  }

  #fit(): number {
    let sumTime = 0;
    let sumDelay = 0;
    for (let i = 0; i < WINDOW; i++) {
      sumTime += this.#time[i]!;
      sumDelay += this.#delay[i]!;
    }
    const meanTime = sumTime / WINDOW;
    const meanDelay = sumDelay / WINDOW;
    let covariance = 0;
    let variance = 0;
    for (let i = 0; i < WINDOW; i++) {
      const offset = this.#time[i]! - meanTime;
      covariance += offset * (this.#delay[i]! - meanDelay);
      variance += offset * offset;
    }
    return variance === 0 ? this.#slope : covariance / variance;
  }
}

const WINDOW = 20;
const SMOOTHING = 0.9;
