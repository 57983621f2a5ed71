/**
 * A light reader of TypeScript: enough to find imports, exports and doc comments in formatted code. TypeScript 7 has no
 * stable API for tools, and these checks need no types.
 */

import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ROOT } from './workspace.ts';

/** One import or re-export of a module. */
export interface Import {
  readonly specifier: string;
  /** `import type`, or nothing but `type` names. */
  readonly typeOnly: boolean;
  /** The names as they are called here. */
  readonly names: readonly string[];
}

/** One exported name of a module, where it is declared. */
export interface Export {
  readonly name: string;
  /** The file that declares it, relative to the root. */
  readonly path: string;
  /** Its doc comment, or undefined. */
  readonly doc: string | undefined;
}

/** The code without comments, with the contents of strings and regular expressions replaced by spaces. Lines stay. */
export function codeOnly(text: string): string {
  return text.replace(TOKENS, (token, comment?: string, quoted?: string, template?: string, regex?: string) => {
    if (comment !== undefined) return blank(comment);
    if (quoted !== undefined) return `${quoted[0]}${' '.repeat(quoted.length - 2)}${quoted[0]}`;
    if (template !== undefined) return keepHoles(template);
    return regex !== undefined ? blank(regex) : token;
  });
}

/** The code without comments; strings stay. */
export function withoutComments(text: string): string {
  return text.replace(TOKENS, (token, comment?: string) => (comment === undefined ? token : blank(comment)));
}

/** All modules that a file imports, statically or by `import()`. */
export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*'([^']+)'/gm)) {
    const names = [...match[2]!.matchAll(/(type\s+)?([\w$*]+)(?:\s+as\s+([\w$]+))?/g)].filter(
      ([, , name]) => name !== 'as',
    );
    found.push({
      specifier: match[3]!,
      typeOnly: match[1] !== undefined || (names.length > 0 && names.every(([, isType]) => isType !== undefined)),
      names: names.map(([, , name, alias]) => alias ?? name!),
    });
  }
  for (const match of code.matchAll(/^import\s*'([^']+)'/gm))
    found.push({ specifier: match[1]!, typeOnly: false, names: [] });
  for (const match of code.matchAll(/\bimport\(\s*'([^']+)'/g))
    found.push({ specifier: match[1]!, typeOnly: false, names: [] });
  return found;
}

/** The names that a module exports, followed through re-exports within the package. */
export function exportsOf(path: string): Export[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const code = withoutComments(text);
  const found: Export[] = [];
  for (const match of code.matchAll(/^export\s+(?:type\s+)?\{([^}]*)\}(?:\s*from\s*'([^']+)')?/gm)) {
    for (const part of match[1]!.split(',')) {
      const names = /^\s*(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?\s*$/.exec(part);
      if (names === null) continue;
      const target = match[2] === undefined ? path : posix.join(dirname(path), match[2]);
      const declared = match[2] === undefined ? declarationOf(text, path, names[1]!) : follow(target, names[1]!);
      found.push({ ...declared, name: names[2] ?? names[1]! });
    }
  }
  for (const match of code.matchAll(DECLARATION)) found.push(declarationOf(text, path, match[1]!));
  return found;
}

/** Leading block comment of a file, or an empty string. */
export function headerOf(text: string): string {
  return /^(?:#!.*\n)?\s*((?:\/\*[\s\S]*?\*\/|(?:\/\/.*\n)+|(?:#.*\n)+))/.exec(text)?.[1] ?? '';
}

/** Comments, quoted strings, templates, and regular expressions where only they can stand. */
const TOKENS =
  /(\/\*[\s\S]*?\*\/|\/\/[^\n]*)|('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(`(?:[^`\\]|\\[\s\S])*`)|(?<=[(,=:[!&|?{};]\s*)(\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/g;

const DECLARATION =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:class|function\*?|const|let|interface|type)\s+([\w$]+)/gm;

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** A template literal with only the code of its holes. */
function keepHoles(template: string): string {
  let depth = 0;
  let out = '';
  for (let i = 0; i < template.length; i++) {
    const char = template[i]!;
    if (depth === 0 && char === '$' && template[i + 1] === '{') {
      depth = 1;
      i++;
      out += '${';
    } else if (depth > 0) {
      if (char === '{') depth++;
      if (char === '}') depth--;
      out += char;
    } else out += char === '\n' || char === '`' ? char : ' ';
  }
  return out;
}

function follow(path: string, name: string): Export {
  if (!path.startsWith('packages/')) return { name, path, doc: undefined };
  const exported = exportsOf(path).find((each) => each.name === name);
  return exported ?? { name, path, doc: undefined };
}

function declarationOf(text: string, path: string, name: string): Export {
  const pattern = new RegExp(
    `((?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\s*)?)^(?:export\\s+)?(?:declare\\s+)?(?:abstract\\s+)?(?:async\\s+)?(?:class|function\\*?|const|let|interface|type)\\s+${name.replaceAll('$', '\\$')}\\b`,
    'm',
  );
  const doc = pattern.exec(text)?.[1]?.trim();
  return { name, path, doc: doc === '' ? undefined : doc };
}
