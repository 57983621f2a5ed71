import { describe, expect, it } from 'vitest';
import { FLAG_BY_NAME, FLAGS, helpText } from '../../src/node/command/flags.ts';
import { parseConfig, parseFlags, parseTexts } from '../../src/node/command/values.ts';

describe('parseFlags', () => {
  it('reads long names, short names, switches, numbers and what may come several times', () => {
    const values = parseFlags([
      '-r',
      'example.org',
      '--user=a:b',
      '-u',
      'c:d:e',
      '--min-port',
      '5000',
      '-v',
      '-p',
      '0',
    ]);
    expect(Object.fromEntries(values)).toEqual({
      realm: 'example.org',
      user: ['a:b', 'c:d:e'],
      'min-port': 5000,
      verbose: true,
      'listening-port': 0,
    });
  });

  it.each([
    [['--relm', 'x'], "Unknown option '--relm'"],
    [['-y'], "Unknown option '-y'"],
    [['serve'], 'Unexpected argument "serve"'],
    [['--realm'], "Option '-r, --realm <value>' argument missing"],
    [['--no-udp=1'], "Option '--no-udp' does not take an argument"],
    [['--min-port', '0'], '--min-port must be a whole number from 1 to 65535, not "0"'],
    [['--listening-port', '65536'], '--listening-port must be a whole number from 0 to 65535, not "65536"'],
    [['--user-quota', 'many'], '--user-quota must be a whole number at least 1, not "many"'],
    [['--max-bps', '1.5'], '--max-bps must be a whole number at least 1, not "1.5"'],
    [['--realm', ''], '--realm must be text'],
    [['--user', ''], '--user must be text or a list of texts'],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => parseFlags(args)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });
});

describe('parseConfig', () => {
  it('reads the names of the flags', () => {
    const values = parseConfig('{"realm":"x","user":["a:b"],"listening-ip":"::1","workers":2,"mobility":false}', 'f');
    expect(Object.fromEntries(values)).toEqual({
      realm: 'x',
      user: ['a:b'],
      'listening-ip': ['::1'],
      workers: 2,
      mobility: false,
    });
  });

  it.each([
    ['{"relm":"x"}', 'f.json: there is no setting "relm"'],
    ['{"config":"x"}', 'f.json: there is no setting "config"'],
    ['{"help":true}', 'f.json: there is no setting "help"'],
    ['[]', 'f.json: there must be one object, { ... }'],
    ['null', 'f.json: there must be one object, { ... }'],
    ['{"realm":5}', 'f.json: "realm" must be text'],
    ['{"workers":"2x"}', 'f.json: "workers" must be a whole number from 1 to 256, not "2x"'],
    ['{"workers":0}', 'f.json: "workers" must be a whole number from 1 to 256, not 0'],
    ['{"no-udp":"yes"}', 'f.json: "no-udp" must be true or false'],
    ['{"user":{"a":"b"}}', 'f.json: "user" must be text or a list of texts'],
  ])('says what is wrong with %s', (text, message) => {
    expect(() => parseConfig(text, 'f.json')).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });

  it('says where JSON ends to be JSON', () => {
    expect(() => parseConfig('{"realm": ', 'f.json')).toThrow(/^f\.json: .*JSON/);
  });
});

describe('parseTexts', () => {
  it('reads names and passwords', () => {
    expect(parseTexts('{"a":"b","ä":"ö"}', 'f', 'password')).toEqual({ a: 'b', ä: 'ö' });
  });

  it('takes passwords as text only', () => {
    expect(() => parseTexts('{"a":1}', 'f', 'password')).toThrow('f: the password of "a" must be text');
  });
});

describe('the help', () => {
  it('has every flag, and no line too long for a terminal', () => {
    const help = helpText();
    for (const { name } of FLAG_BY_NAME.values()) expect(help).toContain(`--${name}`);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('comes from a table without two flags of one name or letter', () => {
    const flags = FLAGS.flatMap((group) => group.flags);
    expect(new Set(flags.map(({ name }) => name)).size).toBe(flags.length);
    const letters = flags.flatMap(({ short }) => short ?? []);
    expect(new Set(letters).size).toBe(letters.length);
  });
});
