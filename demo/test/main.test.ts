import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readArguments } from '../src/arguments.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

let directory: string;
let children: ChildProcess[];
beforeEach(async () => {
  children = [];
  directory = await mkdtemp(join(tmpdir(), 'kaon-test-'));
  await mkdir(join(directory, 'tmp'));
  await writeFile(join(directory, 'some file.txt'), 'x'.repeat(300_000));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

describe('the command line', () => {
  it('is read', () => {
    expect(readArguments([])).toEqual({ help: false, file: undefined, once: false, port: undefined });
    expect(readArguments(['a.txt', '--once', '--port', '0'])).toEqual({
      help: false,
      file: 'a.txt',
      once: true,
      port: 0,
    });
    expect(readArguments(['-h']).help).toBe(true);
  });

  it.each([
    [['--port', 'http'], '"http" is not a port'],
    [['--port', '65536'], '"65536" is not a port'],
    [['--port', '-1'], 'port'],
    [['--port='], '"" is not a port'],
    [['--port', '80.5'], '"80.5" is not a port'],
    [['a', 'b'], 'one file at a time, got 2: a b'],
    [['--twice'], "Unknown option '--twice'"],
  ])('%j is an error', (args, text) => {
    expect(() => readArguments(args)).toThrow(text);
  });
});

describe('the process', () => {
  it('--help prints the usage and ends', async () => {
    const { code, out, err } = await run('--help');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: npx pnpm@12 start \[file\] \[--once\] \[--port N\]\n/);
  });

  it.each([
    [['missing.txt'], 'there is no file missing.txt\n'],
    [['.'], '. is not a file\n'],
    [['--port', 'x'], '"x" is not a port: a number from 0 to 65535 is\n'],
  ])('%j ends with 1 and one line that says why', async (args, text) => {
    expect(await run(...args)).toEqual({ code: 1, out: '', err: text });
    expect(await leftovers()).toEqual([]);
  });

  it('--once sends the file, prints what it measured and leaves nothing', async () => {
    const { code, out, err } = await run('some file.txt', '--once', '--port', '0');
    expect(err.replaceAll(/^ {2}some file\.txt \[.*$/gm, '').trim()).toBe('');
    expect(code).toBe(0);
    for (const line of [
      /^ {2}file +some file\.txt, 300\.0 kB$/m,
      /^ {2}sha256 +[0-9a-f]{64}, the same on both sides$/m,
      /^ {2}throughput +[\d.]+ [kM]B\/s$/m,
      /^ {2}round trip +[\d.]+ ms \(p50\), [\d.]+ ms \(p99\)$/m,
      /^ {2}connect time +\d+ ms in fresh processes, then [\d.]+ ms; signaling included$/m,
      /^ {2}path +host .* → host .*$/m,
    ]) {
      expect(out).toMatch(line);
    }
    expect(out).not.toContain('browser');
    expect(await leftovers()).toEqual([]);
  });

  it('serves the page until it is interrupted, then ends by itself with 0 and leaves nothing', async () => {
    const child = start('some file.txt', '--port', '0');
    const ended = outcome(child);
    const url = await new Promise<string>((resolve, reject) => {
      let seen = '';
      child.stdout!.on('data', (data) => {
        seen += data;
        const found = /open (\S+) .*until then/s.exec(seen);
        if (found !== null) resolve(found[1]!);
      });
      child.on('exit', () => reject(new Error('it ended early')));
    });
    expect((await fetch(url)).status).toBe(200);
    expect(await leftovers()).toHaveLength(1);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
    expect(await leftovers()).toEqual([]);
  });

  it('cleans up, too, when it is interrupted before', async () => {
    // Sparse, and more than could be through before the signal comes.
    await writeFile(join(directory, 'endless'), '');
    await truncate(join(directory, 'endless'), 1e11);
    const child = start('endless', '--port', '0');
    const ended = outcome(child);
    child.stderr!.once('data', () => child.kill('SIGINT'));
    expect(await ended).toMatchObject({ code: 1, err: expect.stringContaining('interrupted\n') });
    expect(await leftovers()).toEqual([]);
  });
});

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(...args: string[]): Promise<Outcome> {
  return outcome(start(...args));
}

function start(...args: string[]): ChildProcess {
  const options = ['--conditions=@kaon/source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...options, MAIN, ...args], {
    cwd: directory,
    env: { ...process.env, TMPDIR: join(directory, 'tmp'), NODE_OPTIONS: '' },
  });
  children.push(child);
  return child;
}

function outcome(child: ChildProcess): Promise<Outcome> {
  let [out, err] = ['', ''];
  child.stdout!.on('data', (data) => {
    out += data;
  });
  child.stderr!.on('data', (data) => {
    err += data;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

/** What is in the folder for temporary files. */
function leftovers(): Promise<string[]> {
  return readdir(join(directory, 'tmp'));
}
