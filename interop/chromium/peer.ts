import { existsSync } from 'node:fs';
import { chromium as playwright } from 'playwright-core';
import type { Command } from '../src/agent/protocol.ts';
import { openAgent, type Tab } from '../src/page.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

const EXECUTABLE = process.env['KAON_CHROMIUM'] ?? '/usr/bin/chromium';

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--disable-client-side-phishing-detection',
  '--use-fake-device-for-media-stream',
  // Nothing is contacted outside: no name but these resolves.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE 10.99.*, EXCLUDE [fd99::1], EXCLUDE turn.test, EXCLUDE *.local',
  // TURN servers of the run have certificates of their own.
  '--ignore-certificate-errors',
];

const NO_PASSIVE = 'browsers do not listen on TCP';
const NO_LITE = 'browsers are full agents';
const MDNS_SCENARIOS = ['mdns-of-peer', 'mdns-of-kaon', 'tcp-passive', 'lite-kaon', 'relay-kaon-udp'];

const NO_H265 = "Debian's builds of the browsers have no H.265";

/** A page that may use the camera: it gathers plain addresses. */
export const chromium: PeerKind = {
  id: 'chromium',
  title: 'Chromium',
  isolated: true,
  lacks: {
    'tcp-active': NO_PASSIVE,
    'lite-peer': NO_LITE,
    'mdns-of-peer': 'with the camera grant Chromium shows addresses',
    'from-h265': NO_H265,
    'to-h265': NO_H265,
  },
  connectivity: true,
  media: true,
  start: () => launch(['--use-fake-ui-for-media-stream']),
};

/** A page without that grant, as most data-only pages are: it gathers one candidate under an mDNS name. */
export const chromiumMdns: PeerKind = {
  id: 'chromium-mdns',
  title: 'Chromium, mDNS names',
  isolated: true,
  lacks: {},
  remark:
    'Chromium with mDNS names is a page without the camera grant; what does not depend on candidates is left out.',
  scenarios: ['no-trickle', 'trickle', 'ice-restart', 'text', 'binary', '256-kib', ...MDNS_SCENARIOS],
  connectivity: true,
  media: false,
  start: () => launch([]),
};

async function launch(args: readonly string[]): Promise<RemotePeer> {
  if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: interop/install.sh installs it`);
  const server = await playwright.launchServer({
    executablePath: EXECUTABLE,
    headless: true,
    chromiumSandbox: false,
    args: [...ARGS, ...args],
  });
  const browser = await playwright.connect(server.wsEndpoint());
  const page = await browser.newPage();
  const tab: Tab = {
    goto: (url) => page.goto(url),
    handle: (command) => page.evaluate((request) => window.kaon.handle(request), command as Command),
    events: () => page.evaluate(() => window.kaon.events()),
    close: async () => {
      await browser.close();
      await server.close();
    },
    kill: () => server.kill(),
  };
  return new RemotePeer(await openAgent(tab, 'Chromium', browser.version()));
}
