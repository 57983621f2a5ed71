/** Results of the checks that are no vitest tests, and the closing line that CI counts. */
export class Report {
  #passed = 0;
  #failed = 0;

  /** Notes one check. `problem` is undefined when it passed. */
  note(name: string, problem: string | undefined): void {
    if (problem === undefined) {
      this.#passed++;
      console.log(`ok      ${name}`);
    } else {
      this.#failed++;
      console.log(`FAILED  ${name}\n${problem.trimEnd().replace(/^/gm, '        ')}`);
    }
  }

  /** Prints `N passed, N failed` and sets the exit code. */
  close(): void {
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    process.exitCode = this.#failed === 0 ? 0 : 1;
  }
}
