import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileResult, receiveFile, type SendOptions, sendFile } from '../src/file-transfer.ts';
import { sha256 } from '../src/files.ts';
import { type ChannelPair, channelPair } from './helpers/channels.ts';
import { inParts, MemorySink, pattern } from './helpers/memory.ts';

let pair: ChannelPair;
beforeEach(async () => {
  pair = await channelPair();
});
afterEach(() => pair.close());

type Outcome = PromiseSettledResult<FileResult>;

/** Sends `bytes` under a name and settles both sides. */
function transfer(
  bytes: Uint8Array,
  sink: MemorySink,
  sender: Partial<SendOptions> = {},
  receiver: Partial<Parameters<typeof receiveFile>[1]> = {},
): Promise<[sent: Outcome, received: Outcome]> {
  return Promise.allSettled([
    sendFile(pair.sending, {
      header: { name: 'naïve 文件.bin', size: bytes.length },
      source: inParts(bytes),
      hash: sha256(),
      ...sender,
    }),
    receiveFile(pair.receiving, { open: sink.open, hash: sha256(), ...receiver }),
  ]);
}

function reasons(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => (outcome.status === 'rejected' ? String(outcome.reason.message) : 'fulfilled'));
}

describe('a file', () => {
  it('arrives whole, with the same hash and rising progress on both sides', async () => {
    const bytes = pattern(5_000_001);
    const sink = new MemorySink();
    const progress: [number[], number[]] = [[], []];
    const [sent, received] = await transfer(
      bytes,
      sink,
      { progress: (at) => progress[0].push(at) },
      { progress: (at) => progress[1].push(at) },
    );
    const expected = {
      name: 'naïve 文件.bin',
      size: 5_000_001,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      duration: expect.any(Number),
    };
    expect(sent).toEqual({ status: 'fulfilled', value: expected });
    expect(received).toEqual({ status: 'fulfilled', value: expected });
    expect(sink.bytes.equals(bytes)).toBe(true);
    expect(sink.outcome).toBe('closed');
    for (const seen of progress) {
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.length).toBeGreaterThan(3);
      expect([seen[0], seen.at(-1)]).toEqual([0, 5_000_001]);
    }
  });

  it('may be empty', async () => {
    const sink = new MemorySink();
    const [sent] = await transfer(new Uint8Array(), sink);
    expect(sent).toMatchObject({
      value: { size: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    });
    expect([sink.bytes.length, sink.outcome]).toEqual([0, 'closed']);
  });

  it('is read no further than the window ahead of what the receiver has written', async () => {
    const size = 24 * 1024 * 1024;
    let read = 0;
    let ahead = 0;
    async function* zeros(): AsyncGenerator<Uint8Array> {
      for (; read < size; read += 65_536) yield new Uint8Array(65_536);
    }
    class SlowSink extends MemorySink {
      written = 0;
      override async write(chunk: Uint8Array): Promise<void> {
        ahead = Math.max(ahead, read - this.written);
        // The first write is as slow as it can be: the sender has come to a stop.
        while (this.written === 0 && read <= 15 * 1024 * 1024) await new Promise((resolve) => setImmediate(resolve));
        this.written += chunk.length;
      }
    }
    const sent = await transfer(new Uint8Array(), new SlowSink(), { header: { name: 'zeros', size }, source: zeros() });
    expect(reasons(sent)).toEqual(['fulfilled', 'fulfilled']);
    expect(ahead).toBeGreaterThan(8 * 1024 * 1024);
    expect(ahead).toBeLessThanOrEqual(19 * 1024 * 1024);
  });
});

describe('both sides hear', () => {
  it('that bytes were damaged', async () => {
    const sink = new MemorySink();
    const lie = { update: () => undefined, digest: () => 'ab'.repeat(32) };
    const outcomes = await transfer(pattern(100), sink, { hash: lie });
    expect(reasons(outcomes)).toEqual([
      expect.stringContaining('gave up: naïve 文件.bin arrived damaged: sent abab'),
      expect.stringContaining('arrived damaged'),
    ]);
    expect(sink.outcome).toBe('discarded');
  });

  it('that the file got shorter while it was sent', async () => {
    const outcomes = await transfer(pattern(100), new MemorySink(), { header: { name: 'log', size: 101 } });
    expect(reasons(outcomes)).toEqual([
      'log changed: it had 101 bytes and now 100',
      'the other side gave up: log changed: it had 101 bytes and now 100',
    ]);
  });

  it('that there are more bytes than announced', async () => {
    const sink = new MemorySink();
    const outcomes = await transfer(pattern(100), sink, { header: { name: 'log', size: 99 } });
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([sink.bytes.length, sink.outcome]).toEqual([0, 'discarded']);
  });

  it('that the file vanished', async () => {
    const sink = new MemorySink();
    // biome-ignore lint/correctness/useYield: it fails first
    async function* gone(): AsyncGenerator<Uint8Array> {
      throw new Error('ENOENT');
    }
    expect(reasons(await transfer(pattern(10), sink, { source: gone() }))).toEqual([
      'ENOENT',
      'the other side gave up: ENOENT',
    ]);
    expect(sink.outcome).toBe('discarded');
  });

  it('that the disk is full', async () => {
    class FullSink extends MemorySink {
      override write(): Promise<void> {
        return Promise.reject(new Error('ENOSPC'));
      }
    }
    expect(reasons(await transfer(pattern(1_000_000), new FullSink()))).toEqual([
      'the other side gave up: ENOSPC',
      'ENOSPC',
    ]);
  });

  it.each(['sender', 'receiver'])('that the %s cancelled', async (who) => {
    const canceller = new AbortController();
    const sink = new MemorySink();
    const options = {
      signal: canceller.signal,
      progress: (at: number): void => {
        if (at > 0) canceller.abort(new Error('cancelled'));
      },
    };
    const outcomes = await (who === 'sender'
      ? transfer(new Uint8Array(30_000_000), sink, options)
      : transfer(new Uint8Array(30_000_000), sink, {}, options));
    const heard = ['cancelled', 'the other side gave up: cancelled'];
    expect(reasons(outcomes)).toEqual(who === 'sender' ? heard : heard.toReversed());
    expect(sink.outcome).toBe('discarded');
  });

  it('that the channel closed early', async () => {
    const sink = new MemorySink();
    const receiver = {
      progress: (at: number): void => {
        if (at > 0) pair.receiving.close();
      },
    };
    const outcomes = await transfer(new Uint8Array(30_000_000), sink, {}, receiver);
    expect(reasons(outcomes)).toEqual([
      expect.stringMatching(/^the channel closed /),
      'the channel closed before the transfer ended',
    ]);
    expect(sink.outcome).toBe('discarded');
  });
});

describe('a peer that does not speak the protocol', () => {
  it.each([
    ['no JSON', 'hello'],
    ['no name', '{"size":1}'],
    ['a name that is none', '{"name":7,"size":1}'],
    ['a negative size', '{"name":"x","size":-1}'],
    ['null', 'null'],
    ['bytes first', new Uint8Array(3)],
  ])('is refused: %s', async (_, first) => {
    const sink = new MemorySink();
    const received = receiveFile(pair.receiving, { open: sink.open, hash: sha256() });
    pair.sending.send(first as string);
    await expect(received).rejects.toThrow('does not speak kaon-file/1');
    expect(sink.header).toBeUndefined();
  });
});
