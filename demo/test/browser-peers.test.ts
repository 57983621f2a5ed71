import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RTCPeerConnection } from '@kaon/webrtc';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { BrowserPeers } from '../src/browser-peers.ts';
import {
  FILE_PROTOCOL,
  type FileHeader,
  type FileResult,
  opened,
  receiveFile,
  sendFile,
} from '../src/file-transfer.ts';
import { localFile, sha256 } from '../src/files.ts';
import { type ControlMessage, control, readControl } from '../src/protocol.ts';
import { type DemoServer, startServer } from '../src/server.ts';
import { SharedFiles } from '../src/shared-files.ts';
import { negotiate } from '../src/signaling.ts';
import { inParts, MemorySink, pattern } from './helpers/memory.ts';

let directory: string;
let files: SharedFiles;
let peers: BrowserPeers;
let server: DemoServer;
let log: string[];
const pages: Page[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kaon-test-'));
  await writeFile(join(directory, 'offered.txt'), 'offered');
  log = [];
  files = new SharedFiles(join(directory, 'files'), [await localFile(join(directory, 'offered.txt'))]);
  peers = new BrowserPeers(files, (line) => log.push(line));
  server = await startServer(0, (socket) => peers.accept(socket));
});
afterEach(async () => {
  for (const page of pages.splice(0)) page.close();
  await peers.close();
  await server.close();
  await rm(directory, { recursive: true });
});

it('greets, tells the files, echoes the chat, answers pings and sends statistics', async () => {
  const page = await openPage();
  expect((await page.next('chat')).text).toMatch(/^Hello from Node/);
  expect((await page.next('files')).files).toEqual([{ name: 'offered.txt', size: 7 }]);
  page.tell({ type: 'chat', text: 'hi' });
  expect((await page.next('chat')).text).toBe('You said: hi');
  page.tell({ type: 'ping', id: 5 });
  expect((await page.next('pong')).id).toBe(5);
  expect((await page.next('stats')).stats).toMatchObject({ state: 'connected', pair: expect.stringContaining('→') });
});

it('keeps every upload under a name of its own and tells all pages', async () => {
  const [one, two] = [await openPage(), await openPage()];
  const bytes = pattern(100_000);
  for (const name of ['../a.txt', 'a.txt', 'A.txt', 'offered.txt', 'incoming']) await one.upload(name, bytes);
  const names = ['offered.txt', 'a.txt', 'a (2).txt', 'A (3).txt', 'offered (2).txt', 'incoming (2)'];
  for (const page of [one, two]) {
    let told: readonly FileHeader[] = [];
    while (told.length < names.length) told = (await page.next('files')).files;
    expect(told.map(({ name }) => name)).toEqual(names);
  }
  expect((await readFile(join(directory, 'files', 'a (2).txt'))).equals(bytes)).toBe(true);
  expect(await readdir(join(directory, 'files', 'incoming'))).toEqual([]);
  expect((await two.fetch('a (2).txt')).bytes.equals(bytes)).toBe(true);
});

it('serves what is in the list and nothing else', async () => {
  const page = await openPage();
  await page.next('chat');
  expect((await page.fetch('offered.txt')).bytes.toString()).toBe('offered');
  for (const name of ['../offered.txt', '/etc/passwd', '', 'files/x']) {
    page.tell({ type: 'fetch', name });
    expect((await page.next('chat')).text).toBe(`There is no file ${name} any more.`);
  }
});

it('says so when a file has vanished, and lists it no more', async () => {
  const page = await openPage();
  await page.next('chat');
  await page.next('files');
  await rm(join(directory, 'offered.txt'));
  page.tell({ type: 'fetch', name: 'offered.txt' });
  expect((await page.next('chat')).text).toBe('There is no file offered.txt any more.');
  expect((await page.next('files')).files).toEqual([]);
});

it('sends the size that a file has now', async () => {
  const page = await openPage();
  await writeFile(join(directory, 'offered.txt'), 'longer than before');
  expect((await page.fetch('offered.txt')).bytes.toString()).toBe('longer than before');
});

it('leaves nothing of an upload whose page goes away', async () => {
  const page = await openPage();
  const left = page.upload('half.bin', new Uint8Array(40_000_000), (received) => {
    if (received > 0) page.close();
  });
  await expect(left).rejects.toThrow();
  await peers.close();
  while (!log.some((line) => line.startsWith('page 1: half.bin:'))) await new Promise((wake) => setImmediate(wake));
  expect(files.list().map(({ name }) => name)).toEqual(['offered.txt']);
  expect(await readdir(join(directory, 'files'), { recursive: true })).toEqual(['incoming']);
});

it('ends transfers that run when the process is asked to end', async () => {
  const page = await openPage();
  await new Promise<void>((resolve) => {
    page
      .upload('half.bin', new Uint8Array(40_000_000), (received) => {
        if (received > 0) resolve();
      })
      .catch(() => undefined);
  });
  await peers.close();
  expect(log.at(-1)).toBe('page 1: half.bin: the page has gone');
  expect(await readdir(join(directory, 'files', 'incoming'))).toEqual([]);
});

it('survives whatever a page says', async () => {
  const page = await openPage();
  await page.next('chat');
  page.channel.send('no JSON');
  page.channel.send('{"type":"chat","text":{"toString":1}}');
  page.channel.send(new Uint8Array(10));
  // With its prefix the echo is longer than a message may be.
  page.channel.send(control({ type: 'chat', text: 'x'.repeat(262_144 - 25) }));
  page.tell({ type: 'chat', text: 'still there?' });
  expect((await page.next('chat')).text).toBe('You said: still there?');
});

type Of<T extends ControlMessage['type']> = Extract<ControlMessage, { type: T }>;

interface Page {
  readonly channel: RTCDataChannel;
  next<T extends ControlMessage['type']>(type: T): Promise<Of<T>>;
  tell(message: ControlMessage): void;
  upload(name: string, bytes: Uint8Array, progress?: (received: number) => void): Promise<FileResult>;
  fetch(name: string): Promise<MemorySink>;
  close(): void;
}

/** What a browser does, with Kaon in its place. */
async function openPage(): Promise<Page> {
  const over = new AbortController();
  const connection = new RTCPeerConnection({ iceServers: [] }) as unknown as globalThis.RTCPeerConnection;
  const socket = new WebSocket(new URL('page', server.url.replace('http', 'ws')));
  const messages: ControlMessage[] = [];
  const wakers = new Set<() => void>();
  let incoming: (channel: RTCDataChannel) => void = () => undefined;
  const channel = await new Promise<RTCDataChannel>((resolve, reject) => {
    negotiate(connection, socket as never, false, reject);
    connection.ondatachannel = (event) => {
      if (event.channel.protocol === FILE_PROTOCOL) return incoming(event.channel);
      event.channel.addEventListener('message', ({ data }) => {
        messages.push(readControl(data)!);
        for (const wake of wakers) wake();
      });
      resolve(event.channel);
    };
  });
  await opened(channel);
  const page: Page = {
    channel,
    next: async <T extends ControlMessage['type']>(type: T) => {
      for (;;) {
        const at = messages.findIndex((message) => message.type === type);
        if (at >= 0) return messages.splice(at, 1)[0] as Of<T>;
        await new Promise<void>((resolve) => wakers.add(resolve));
      }
    },
    tell: (message) => channel.send(control(message)),
    upload: (name, bytes, progress = () => undefined) =>
      sendFile(connection.createDataChannel(`file:${name}`, { protocol: FILE_PROTOCOL }), {
        header: { name, size: bytes.length },
        source: inParts(bytes),
        hash: sha256(),
        progress,
        signal: over.signal,
      }),
    fetch: (name) =>
      new Promise((resolve, reject) => {
        const sink = new MemorySink();
        incoming = (file) => {
          receiveFile(file, { open: sink.open, hash: sha256() }).then(() => resolve(sink), reject);
        };
        channel.send(control({ type: 'fetch', name }));
      }),
    close: () => {
      over.abort(new Error('closed'));
      connection.close();
      socket.close();
    },
  };
  pages.push(page);
  return page;
}
