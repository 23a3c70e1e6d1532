import { builtinModules } from 'node:module';
import ts from 'typescript';
import { type Floor, floorOf, floors } from './floors.ts';
import { type Complaint, type Import, lineOf, type Parsed, parse, type Source, visit } from './source.ts';

const fileLinesMax = 320;
const functionLinesMax = 60;

/** Every rule of the house that neither compiler nor linter sees, over `sources`. An empty answer is a tidy house. */
export function tidy(sources: readonly Source[]): readonly Complaint[] {
  const files = sources.map(parse);
  return [...files.flatMap(complaintsOf), ...deadFiles(files)];
}

const complaintsOf = (file: Parsed): readonly Complaint[] => [
  ...imports(file),
  ...purity(file),
  ...lengths(file),
  ...defaultExports(file),
  ...unfinishedWords(file),
];

function imports(file: Parsed): readonly Complaint[] {
  const floor = floorOf(file.path);
  if (floor === undefined) return [];
  return file.imports.flatMap((one) => {
    const trouble = one.target === undefined ? outsideImport(floor, one) : insideImport(floor, one.target, one);
    return trouble === undefined ? [] : [`${file.path}:${one.line}: ${trouble}`];
  });
}

function outsideImport(floor: Floor, { specifier }: Import): string | undefined {
  if (specifier.startsWith('node:')) return floor.node ? undefined : `${floor.name} imports ${specifier}`;
  if (builtinModules.includes(specifier)) return `write node:${specifier} for ${specifier}`;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return floor.packages.includes(name) ? undefined : `${floor.name} imports the package ${name}`;
}

function insideImport(floor: Floor, target: string, { specifier, typesOnly }: Import): string | undefined {
  if (!target.endsWith('.ts')) return `relative imports end in .ts: ${specifier}`;
  const other = floorOf(target);
  if (other === undefined) return `${floor.name} imports ${target}, which is on no floor`;
  if (other === floor) return undefined;
  const use = floor.floors[other.name];
  if (use === undefined) return `${floor.name} imports ${other.name}`;
  if (target !== other.door) return `${other.name} is entered by ${other.door}, not ${target}`;
  return use === 'types' && !typesOnly ? `${floor.name} imports values of ${other.name}, may import types` : undefined;
}

/** Globals that let time, chance, waiting or the reader's language into a pure floor. */
const impureGlobals = new Set([
  ...['Date', 'performance', 'process', 'crypto', 'Intl', 'WeakRef', 'FinalizationRegistry', 'Promise', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'globalThis'],
]);

const impureProperty = /^(random|localeCompare|toLocale\w*)$/;

function purity(file: Parsed): readonly Complaint[] {
  if (floorOf(file.path)?.pure !== true) return [];
  const complaints: Complaint[] = [];
  visit(file.tree, (node) => {
    const name = impurity(node);
    if (name !== undefined) complaints.push(`${file.path}:${lineOf(file.tree, node)}: a pure floor uses ${name}`);
  });
  return complaints;
}

function impurity(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AwaitExpression || node.kind === ts.SyntaxKind.AsyncKeyword) return 'async or await';
  if (!ts.isIdentifier(node)) return undefined;
  const isProperty = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  if (!isProperty) return impureGlobals.has(node.text) && isReference(node) ? node.text : undefined;
  const owner = node.parent.expression;
  // Only Math's `random`: a field of our own may have that name.
  if (node.text === 'random' && !(ts.isIdentifier(owner) && owner.text === 'Math')) return undefined;
  return impureProperty.test(node.text) ? node.text : undefined;
}

/** Not the name of a field, a member or a key. */
const isReference = ({ parent, text }: ts.Identifier): boolean =>
  !(
    (ts.isPropertySignature(parent) || ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) &&
    ts.isIdentifier(parent.name) &&
    parent.name.text === text
  );

function lengths(file: Parsed): readonly Complaint[] {
  const lines = file.text.trimEnd().split('\n').length;
  const complaints: Complaint[] = [];
  if (lines > fileLinesMax) complaints.push(`${file.path}: ${lines} lines, at most ${fileLinesMax}`);
  visit(file.tree, (node) => {
    if (!isFunction(node)) return;
    const first = lineOf(file.tree, node);
    const length = file.tree.getLineAndCharacterOfPosition(node.end).line + 2 - first;
    if (length > functionLinesMax && !isSuite(node)) {
      complaints.push(`${file.path}:${first}: a function of ${length} lines, at most ${functionLinesMax}`);
    }
  });
  return complaints;
}

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ts.isAccessor(node);

/** The body of a `describe`, and a function whose body is a list of tests: they are tables of contents, not functions. */
function isSuite(node: ts.Node): boolean {
  let registers = false;
  visit(node, (inner) => {
    if (registers || !ts.isCallExpression(inner)) return;
    const called = inner.expression.getText();
    if (/^(it|test|describe)\b/.test(called)) registers = true;
  });
  return registers;
}

function defaultExports(file: Parsed): readonly Complaint[] {
  // A tool's configuration file has no say in how it is read.
  if (/(^|\/)[\w-]+\.config\.ts$/.test(file.path)) return [];
  const complaints: Complaint[] = [];
  visit(file.tree, (node) => {
    const isDefault =
      ts.isExportAssignment(node) ||
      node.kind === ts.SyntaxKind.DefaultKeyword ||
      (ts.isExportSpecifier(node) && node.name.text === 'default');
    if (isDefault) {
      complaints.push(`${file.path}:${lineOf(file.tree, node)}: a default export; name it`);
    }
  });
  return complaints.slice(0, 1);
}

// Put together so that this file does not complain about itself.
const unfinished = new RegExp(`\\b(${['TO', 'FIX', 'XX', 'HA'].join('|')})(DO|ME|X|CK)\\b`);

const unfinishedWords = (file: Parsed): readonly Complaint[] =>
  file.text.split('\n').flatMap((line, at) => {
    const word = unfinished.exec(line)?.[0];
    return word === undefined ? [] : [`${file.path}:${at + 1}: ${word}; finish it, or write a decision record`];
  });

/** What users import beside the front door, and what only tests do. */
const sideDoors = [
  'src/fencing/index.ts',
  'src/testing/public.ts',
  'src/facades/web-locks.ts',
  'src/facades/mutex.ts',
  'src/testing/index.ts',
];

/** Files that are started, not imported. */
const isEntry = (path: string): boolean =>
  floors.some((floor) => floor.door === path) ||
  sideDoors.includes(path) ||
  /\.test\.ts$|\.test-d\.ts$|(^|\/)[\w-]+\.config\.ts$|(^|\/)main\.ts$|^(bench|examples)\//.test(path);

function deadFiles(files: readonly Parsed[]): readonly Complaint[] {
  const imported = new Set(files.flatMap((file) => importsFor(file)));
  return files
    .filter((file) => !isEntry(file.path) && !imported.has(file.path))
    .map((file) => `${file.path}: nobody imports it, and it is no entry`);
}

/** A test that imports a source does not bring it to life: only what is shipped may. */
const importsFor = (file: Parsed): readonly string[] =>
  file.imports.flatMap(({ target }) => {
    if (target === undefined) return [];
    return floorOf(target) !== undefined && floorOf(file.path) === undefined ? [] : [target];
  });
