import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import ts from 'typescript';

/** An operation of an AWS API that a file's code calls. */
export interface SdkCall {
  /** Below the checkout, with `/` between folders. */
  readonly file: string;
  /** `<service>.<operation>` as the local AWS spells it, such as `s3.GetObject`. */
  readonly operation: string;
}

/** Packages of the SDK that are clients of a service, by their part of the name, where the service's name differs. */
const services: Readonly<Record<string, string>> = { 'secrets-manager': 'secretsmanager', sesv2: 'ses' };

/** Packages of the SDK that call nothing by themselves. */
const silent = /^@aws-sdk\/(checksums|types|credential-providers|util-[a-z-]+)$/;

const ofSdk = /^@aws-sdk\//;

/**
 * The operation that a name imported from a client calls: of a command, or of what pages through one; undefined for what
 * calls nothing. Rejects waiters, whose operation is not in their name.
 */
function operationOf(name: string, where: string): string | undefined {
  if (name.startsWith('waitUntil'))
    throw new Error(`${where} imports ${name}: say in test/infra/sdk-calls.ts what it calls`);
  return (
    /^paginate(?<operation>\w+)$/.exec(name)?.groups?.operation ??
    /^(?<operation>[A-Z]\w*)Command$/.exec(name)?.groups?.operation
  );
}

/** Names that a file imports as values, by package; the whole package as `*`. */
function valueImports(file: string, text: string): { readonly from: string; readonly names: readonly string[] }[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: { from: string; names: string[] }[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword
    ) {
      const bindings = node.importClause?.namedBindings;
      const names =
        bindings !== undefined && ts.isNamedImports(bindings)
          ? bindings.elements
              .filter(({ isTypeOnly }) => !isTypeOnly)
              .map(({ name, propertyName }) => (propertyName ?? name).text)
          : ['*'];
      found.push({ from: node.moduleSpecifier.text, names });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [specifier] = node.arguments;
      if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push({ from: specifier.text, names: ['*'] });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.filter(({ from }) => ofSdk.test(from));
}

/**
 * The AWS operations that TypeScript files below a folder call, told by what they import from the SDK.
 * @throws Error for an import that does not tell
 */
export async function sdkCalls(root: string, folder: string): Promise<SdkCall[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  const calls: SdkCall[] = [];
  for (const name of names.filter((one) => one.endsWith('.ts')).sort()) {
    const file = `${folder}/${name.replaceAll('\\', '/')}`;
    for (const { from, names: imported } of valueImports(file, readFileSync(join(root, file), 'utf8'))) {
      if (silent.test(from)) continue;
      const client = /^@aws-sdk\/client-(?<service>[a-z0-9-]+)$/.exec(from)?.groups?.service;
      if (client === undefined || imported.includes('*')) {
        throw new Error(`${file} imports ${imported.join(', ')} of ${from}: what it calls cannot be told from that`);
      }
      for (const one of imported) {
        const operation = operationOf(one, file);
        if (operation !== undefined) calls.push({ file, operation: `${services[client] ?? client}.${operation}` });
      }
    }
  }
  return calls;
}
