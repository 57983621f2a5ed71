import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const decisions = readdirSync(new URL('../decisions/', import.meta.url))
  .filter((file) => /^\d{4}-.*\.md$/.test(file))
  .sort()
  .map((file) => ({ text: file.slice(0, -3).replaceAll('-', ' '), link: `/decisions/${file.slice(0, -3)}` }));

export default defineConfig({
  title: 'Kaon',
  description: 'WebRTC for TypeScript: the W3C API and its protocol packages for Node, Bun and Deno.',
  cleanUrls: true,
  srcExclude: ['examples/**/node_modules/**'],
  // Pages that a run writes point into the repository, which is not part of the site.
  ignoreDeadLinks: [/^(\.\/)?(\.\.\/)+(benchmarks|interop)\//],
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/' },
      { text: 'Interoperability', link: '/interop' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Getting started', link: '/guide/' },
          { text: 'Audio and video', link: '/guide/media' },
          { text: 'Congestion control', link: '/guide/congestion-control' },
          { text: 'Statistics', link: '/guide/statistics' },
          { text: 'A server on one port', link: '/guide/single-port-server' },
          { text: 'Errors', link: '/guide/errors' },
          { text: 'Connectivity', link: '/guide/connectivity' },
          { text: 'A TURN server', link: '/guide/turn-server' },
        ],
      },
      {
        text: 'Examples',
        items: [
          { text: 'A custom stack', link: '/examples/custom-stack/README' },
          { text: 'Media from parts', link: '/examples/ortc/README' },
          { text: 'Relay and call of three', link: '/examples/relay/README' },
          { text: 'Record', link: '/examples/record/README' },
          { text: 'Play', link: '/examples/play/README' },
          { text: 'One port for all', link: '/examples/single-port/README' },
          { text: 'All cores behind one port', link: '/examples/scale-out/README' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Interfaces', link: '/interfaces' },
          { text: 'RFC coverage', link: '/rfc-coverage' },
          { text: 'Interoperability', link: '/interop' },
          { text: 'Between NATs', link: '/interop-nat' },
          { text: 'Benchmarks', link: '/benchmarks' },
          { text: 'Benchmarks of media', link: '/benchmarks-media' },
          { text: 'Benchmarks of connectivity', link: '/benchmarks-connectivity' },
          { text: 'Benchmarks over time', link: '/benchmarks-history' },
          { text: 'Sizes', link: '/packages/sizes' },
        ],
      },
      { text: 'Decisions', collapsed: true, items: decisions },
    ],
    search: { provider: 'local' },
  },
});
