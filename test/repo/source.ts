import { posix } from 'node:path';
import ts from 'typescript';

/** One file of the house, real or made up by a test. `path` is relative to the root, with `/`. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** A source, parsed once for all rules. */
export interface Parsed extends Source {
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The file it means, relative to the root; undefined for packages and Node's modules. */
  readonly target: string | undefined;
  readonly typesOnly: boolean;
  readonly line: number;
}

/** A broken rule, in the words of its reader: `path:line: what was expected and what came`. */
export type Complaint = string;

export function parse(source: Source): Parsed {
  const tree = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  const imports: Import[] = [];
  visit(tree, (node) => {
    const found = importOf(node, source.path);
    if (found !== undefined) imports.push({ ...found, line: lineOf(tree, node) });
  });
  return { ...source, tree, imports };
}

export const lineOf = (tree: ts.SourceFile, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

/** Calls `look` for `node` and everything below it. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

function importOf(node: ts.Node, path: string): Omit<Import, 'line'> | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    if (node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) return undefined;
    return describe(node.moduleSpecifier.text, path, isTypesOnly(node));
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return describe(node.argument.literal.text, path, true);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [what] = node.arguments;
    return what !== undefined && ts.isStringLiteral(what) ? describe(what.text, path, false) : undefined;
  }
  return undefined;
}

const describe = (specifier: string, path: string, typesOnly: boolean): Omit<Import, 'line'> => ({
  specifier,
  typesOnly,
  target: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
});

function isTypesOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.every((element) => element.isTypeOnly)
  );
}
