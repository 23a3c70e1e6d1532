import ts from 'typescript';
import { parse, type Source, visit } from './source.ts';

/** A mark of a scenario, as docs/references.md lists them. */
const mark = /\bS\d{2,3}\b/g;

/** Every mark in the title of a test or of a group of tests. Tables of `each` are no titles. */
export function marksInTitles(source: Source): ReadonlySet<string> {
  const found = new Set<string>();
  const { tree } = parse(source);
  visit(tree, (node) => {
    if (!ts.isCallExpression(node) || !isTest(node.expression)) return;
    const [title] = node.arguments;
    if (title === undefined || !ts.isStringLiteralLike(title)) return;
    for (const [each] of title.text.matchAll(mark)) found.add(each);
  });
  return found;
}

/** `it`, `it.each(...)`, `test.concurrent` and the like. */
function isTest(callee: ts.Expression): boolean {
  if (ts.isCallExpression(callee) || ts.isPropertyAccessExpression(callee)) return isTest(callee.expression);
  return ts.isIdentifier(callee) && ['it', 'test', 'describe'].includes(callee.text);
}

export interface Coverage {
  /** All marks that there are. */
  readonly scenarios: readonly string[];
  /** Those in titles of tests. */
  readonly tested: ReadonlySet<string>;
  /** Those that a row explains away. */
  readonly excused: ReadonlySet<string>;
}

/** What is wrong with the coverage, in the words of its reader; empty if nothing is. */
export function gapsIn({ scenarios, tested, excused }: Coverage): readonly string[] {
  const known = new Set(scenarios);
  const strange = [...tested, ...excused].filter((each) => !known.has(each));
  return [
    ...scenarios.flatMap((each) => {
      if (tested.has(each) && excused.has(each)) return [`${each} has a test and a row that says why it has none`];
      return tested.has(each) || excused.has(each) ? [] : [`${each} has neither a test nor a row`];
    }),
    ...[...new Set(strange)].map((each) => `${each} is no scenario that docs/references.md lists`),
  ];
}
