import { describe, expect, it } from 'vitest';
import { anchorsOf, type Document, document, documents, isThere, linksOf, resolved, spansOf } from './markdown.ts';

const named = documents.map((each) => ({ path: each.path, document: each }));

/** Files that documents name in backticks: a path with a folder and an ending that sources or documents have. */
const filesIn = (from: Document): readonly string[] =>
  spansOf(from).filter((span) => /^(?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|md|json|sh)$/.test(span));

const exists = (from: Document, path: string): boolean =>
  isThere(path) || isThere(resolved(from, { target: path, anchor: undefined }));

describe('documents', () => {
  it('are found', () => {
    expect(documents.length).toBeGreaterThan(30);
  });

  it.each(named)('$path links to files that are there', ({ document: from }) => {
    const broken = linksOf(from).filter((link) => !isThere(resolved(from, link)));

    expect(broken).toEqual([]);
  });

  it.each(named)('$path links to headings that are there', ({ document: from }) => {
    const broken = linksOf(from).filter((link) => {
      const target = resolved(from, link);
      return link.anchor !== undefined && target.endsWith('.md') && !anchorsOf(document(target)).includes(link.anchor);
    });

    expect(broken).toEqual([]);
  });

  it.each(named)('$path names files that are there', ({ document: from }) => {
    expect(filesIn(from).filter((path) => !exists(from, path))).toEqual([]);
  });

  it('see it when a link, an anchor or a name leads nowhere', () => {
    const prose = '# One title\n[a](nowhere.md) [b](#another-title) `src/nowhere.ts`\n';
    const planted: Document = { path: 'planted.md', text: prose, prose };

    expect(linksOf(planted).map((link) => isThere(resolved(planted, link)))).toEqual([false, false]);
    expect(anchorsOf(planted)).toEqual(['one-title']);
    expect(filesIn(planted).filter((path) => !exists(planted, path))).toEqual(['src/nowhere.ts']);
  });
});
