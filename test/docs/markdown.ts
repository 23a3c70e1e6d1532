import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One document. Paths are relative to the repository, with `/`. */
export interface Document {
  readonly path: string;
  readonly text: string;
  /** Without fenced blocks: what is said, rather than what is shown. */
  readonly prose: string;
}

/** A fenced block with what stands after its opening fence, and the line before it. */
export interface Block {
  readonly language: string;
  readonly lead: string;
  readonly code: string;
  /** Of its first line in the document. */
  readonly line: number;
}

export interface Link {
  readonly target: string;
  readonly anchor: string | undefined;
}

/** Every document of the repository. */
export const documents: readonly Document[] = [
  '',
  'docs',
  'docs/decisions',
  'test',
  'raft',
  'storage',
  'bench',
  'examples',
]
  .filter((folder) => existsSync(`${root}${folder}`))
  .flatMap((folder) => readdirSync(`${root}${folder}`).map((name) => posix.join(folder, name)))
  .filter((path) => path.endsWith('.md'))
  .map((path) => read(path));

function read(path: string): Document {
  const text = textAt(path);
  return { path, text, prose: text.replace(/^```[\s\S]*?^```$/gm, '') };
}

export function document(path: string): Document {
  const found = documents.find((each) => each.path === path);
  if (found === undefined) throw new Error(`${path} is not there`);
  return found;
}

/** The text of any file of the repository. */
export function textAt(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

export const isThere = (path: string): boolean => existsSync(`${root}${path}`);

/** Links to files of the repository and to headings. */
export function linksOf({ prose }: Document): readonly Link[] {
  return [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#');
      return { target: path, anchor };
    });
}

/** Where a link of `from` leads. */
export const resolved = (from: Document, { target }: Link): string =>
  target === '' ? from.path : posix.normalize(posix.join(posix.dirname(from.path), target));

/** Anchors of all headings, made as the usual hosts of repositories make them. */
export function anchorsOf({ prose }: Document): readonly string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What stands in backticks. */
export const spansOf = ({ prose }: Document): readonly string[] =>
  [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');

export function blocksOf({ text }: Document): readonly Block[] {
  return [...text.matchAll(/^(.*)\n```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    lead: match[1] ?? '',
    language: match[2] ?? '',
    code: match[3] ?? '',
    line: text.slice(0, match.index).split('\n').length + 2,
  }));
}

/** The cells of the table row that begins with the given cell, or undefined. */
export function rowsOf({ text }: Document): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
