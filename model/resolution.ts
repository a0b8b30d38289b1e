import type { ModelDocument, Path } from './document.js';
import { suggestion } from './near-name.js';
import type { ColumnRef, Entity } from './warehouse-model.js';

/** Names PostgreSQL or Redshift keep for themselves as columns of every table. */
const systemColumns = ['oid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax', 'ctid', 'insertxid', 'deletexid'];

/** What the parts of a model's resolution share: the file, where problems go, and the landing tables found so far. */
export class Resolution {
  /** Landing tables by name, as far as they could be read. */
  readonly entities = new Map<string, Entity>();

  constructor(readonly document: ModelDocument) {}

  report(path: Path, message: string): undefined {
    this.document.report(path, message);
  }

  /**
   * Checks the name of a table or column: lower case, so that quoted and unquoted spelling mean the same on Redshift;
   * at most 100 bytes, so that names made of it stay within Redshift's 127.
   */
  checkName(path: Path, name: string, kind: 'table' | 'column'): void {
    if (!/^[a-z_][a-z0-9_]*$/.test(name)) {
      this.report(path, `"${name}" is not a ${kind} name; it takes lower-case letters, digits and _, no digit first`);
    } else if (name.length > 100) {
      this.report(path, `"${name.slice(0, 20)}…" is longer than 100 bytes`);
    } else if (name.startsWith('sluice_') || (kind === 'column' && systemColumns.includes(name))) {
      this.report(path, `"${name}" is a reserved name; choose another`);
    }
  }

  /** Whether a text is the first half of `decimal(12,2)` in `{ }` without quotes; its second half is reported. */
  isCutOff(path: Path, text: string): boolean {
    const beside = [...this.document.keys(path), ...this.document.keys(path.slice(0, -1))];
    return /\(\s*\d+$/.test(text) && beside.some((key) => /^\d+\)$/.test(key));
  }

  /**
   * The landing table of a name. What stands in the file but could not be resolved was reported there, so that what
   * refers to it is not reported as well; the same goes for columns, dimensions and facts.
   */
  entity(path: Path, name: string): Entity | undefined {
    const entity = this.entities.get(name);
    if (entity === undefined && !this.document.excuses(['landing', name])) {
      this.report(path, `there is no landing table "${name}"${suggestion(name, this.entities.keys())}`);
    }
    return entity;
  }

  /** A column of a landing table. */
  column(path: Path, entity: Entity, name: string): ColumnRef | undefined {
    const column = entity.columns.find((one) => one.name === name);
    if (column !== undefined) return { entity: entity.name, column: name, type: column.type };
    if (!this.document.excuses(['landing', entity.name, 'columns', name])) {
      const names = entity.columns.map((one) => one.name);
      this.report(path, `landing.${entity.name} has no column "${name}"${suggestion(name, names)}`);
    }
    return undefined;
  }

  /** A column written `table.column`. */
  qualifiedColumn(path: Path, text: string): ColumnRef | undefined {
    const [table, name, ...more] = text.split('.');
    if (table === undefined || name === undefined || more.length > 0) {
      return this.report(path, `"${text}" is not of the form table.column`);
    }
    const entity = this.entity(path, table);
    return entity === undefined ? undefined : this.column(path, entity, name);
  }

  /** `column`, `column asc` or `column desc`. */
  orderBy(path: Path, entity: Entity, terms: readonly string[]): { column: string; descending: boolean }[] {
    return terms.flatMap((term) => {
      const [, name, direction] = /^(\S+?)(?:\s+(asc|desc))?$/i.exec(term.trim()) ?? [];
      if (name === undefined) {
        this.report(path, `"${term}" is not an order; write "column" or "column desc"`);
        return [];
      }
      const column = this.column(path, entity, name);
      return column === undefined ? [] : [{ column: name, descending: direction?.toLowerCase() === 'desc' }];
    });
  }

  /** Reports names that occur twice where each must be its own. */
  checkUnique(path: Path, names: readonly string[], where: string): void {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(name)) this.report(path, `${where} would have two columns named "${name}"`);
      seen.add(name);
    }
  }
}

/** One name or several, as a list. */
export function list(names: string | readonly string[] | undefined): readonly string[] {
  return names === undefined ? [] : typeof names === 'string' ? [names] : names;
}
