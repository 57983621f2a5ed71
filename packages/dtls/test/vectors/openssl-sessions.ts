/** Secrets and one application record of sessions with `openssl s_server -dtls1_2 -keymatexport EXTRACTOR-dtls_srtp` (3.0.19). */
export const OPENSSL_SESSIONS = [
  {
    suite: 0xc02b,
    clientRandom: 'dd0e50faf2d792b290bcd4693544b40d88daab1919957e72dee4622cd9553a58',
    masterSecret:
      'c49b73d56ce5c5de1adc0ab60d094f89c3d7e3ab70fc911504b370b350a72376bd2a918fde1611156e99700ca5f58800',
    serverRandom: 'ec9dcf506f00e8bf895219a09dc5026ac517104331311008f90b898175a43b1a',
    exporter: 'bad8900a1dbe123fcf9eb6833c950d6ca97611bf',
    record:
      '17fefd000100000000000100257b10bfb910ea154d6d0a8f93f383673da4b890b5d5386dcdd6fe8a26207596255864b49ecb',
  },
  {
    suite: 0xc02c,
    clientRandom: 'cb426ba18746719f2bd753189184df9deeee17b388267a63fef07ae2a5883b8c',
    masterSecret:
      '2a95e71151cb2b82c60e74ecfbc5356806ea2ed7c88520ff31c5d3997c25e2bd6d5b740445aa01dd816252b9b25baeb4',
    serverRandom: '2309855cc2c99286efec4ae83a24b8115a49679823943a0d7e81cac59989216e',
    exporter: 'ae853ec05844f2663612e5fe407a6fcd663df4ef',
    record:
      '17fefd000100000000000200252bb6a1ce360a492ebdac0e5ff22a7b0a3c5c7e56d2a5716335ecd3ec75b34954deabe3cbb7',
  },
  {
    suite: 0xcca9,
    clientRandom: '3f1599ce502edad8339cfb56f5f2285cd286b57598c30d0be5c98d651924a677',
    masterSecret:
      'd37155a632cfa9856bec65eecef9923ac869b9133a008e5bfea1e3d619c5fae0a979ae2e8bbad3ccee56500ff05c450d',
    serverRandom: '91955da837cd5cacbf8a8820a256aba47c6b2f919b606c4b2af52f51dbc47fc1',
    exporter: '3747f39a508ea942f4a9f82725c1a8624f91bf17',
    record: '17fefd0001000000000001001ddd691225e37182bb81ed54abd26051b117d0c1af1a483343cc55f726f8',
  },
] as const;
