import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { openAgent, type Tab } from '../src/page.ts';
import type { PeerKind } from '../src/peer-kind.ts';
import { RemotePeer } from '../src/remote.ts';

const EXECUTABLE = process.env['KAON_FIREFOX'] ?? '/usr/bin/firefox-esr';

const NOWHERE = 'http://127.0.0.1:9/';

const PREFERENCES = {
  // The fake camera and microphone, without asking.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  // Plain addresses: a headless Firefox does not answer for its mDNS names.
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  // Nothing is contacted outside.
  'app.update.disabledForTesting': true,
  'app.normandy.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.push.connection.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'media.gmp-manager.url': NOWHERE,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.trr.mode': 5,
  'services.settings.server': NOWHERE,
  'toolkit.telemetry.server': NOWHERE,
};

const NO_FOLLOWING = 'the peer stays with the first nomination, and sends to the old address';

const NO_H265 = "Debian's builds of the browsers have no H.265";
const NO_FEC = 'Firefox answers without ULPFEC';
const NO_H264 = Object.fromEntries(
  ['from-h264', 'from-h264-mode-0', 'to-h264', 'to-h264-mode-0'].map((id) => [
    id,
    'Firefox loads its H.264 codec from the internet, which the run does not reach',
  ]),
);

export const firefox: PeerKind = {
  id: 'firefox',
  title: 'Firefox',
  isolated: true,
  lacks: {
    'tcp-active': 'browsers do not listen on TCP',
    'lite-peer': 'browsers are full agents',
    'mdns-of-kaon': 'Firefox asks the system for names, which has no multicast DNS here',
    'address-change-alone': NO_FOLLOWING,
    'mdns-of-peer': 'a headless Firefox does not answer for its mDNS names',
    ...NO_H264,
    'from-h265': NO_H265,
    'to-h265': NO_H265,
    'from-red-with-opus': 'Firefox has no RED for audio',
    'stop-first':
      'Firefox sends no more of what stays in a bundle that gets another first section; why has not been found',
    'fec-to-peer offers': NO_FEC,
    'fec-from-peer offers': NO_FEC,
  },
  connectivity: true,
  media: true,
  start: async () => {
    if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: interop/install.sh installs it`);
    const profile = mkdtempSync(join(tmpdir(), 'kaon-firefox-'));
    const removeProfile = (): void => rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: EXECUTABLE,
      headless: true,
      userDataDir: profile,
      // TURN servers of the run have certificates of their own.
      acceptInsecureCerts: true,
      extraPrefsFirefox: PREFERENCES,
      env: { ...process.env, MOZ_DISABLE_CONTENT_SANDBOX: '1', MOZ_CRASHREPORTER_DISABLE: '1' },
      timeout: 60_000,
    });
    const page = (await browser.pages())[0] ?? (await browser.newPage());
    const tab: Tab = {
      goto: (url) => page.goto(url),
      handle: (command) => page.evaluate((request) => window.kaon.handle(request), command),
      events: () => page.evaluate(() => window.kaon.events()),
      close: async () => {
        await browser.close();
        removeProfile();
      },
      kill: async () => {
        const child = browser.process();
        const gone = new Promise((resolve) => child?.once('exit', resolve));
        child?.kill('SIGKILL');
        await gone;
        removeProfile();
      },
    };
    const version = (await browser.version()).replace(/^firefox\//i, '');
    return new RemotePeer(await openAgent(tab, 'Firefox', version));
  },
};
