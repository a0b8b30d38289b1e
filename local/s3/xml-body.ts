import { XMLParser } from 'fast-xml-parser';
import { SyntaxValidator } from 'fast-xml-validator';
import { malformedXml } from './errors.js';

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Only XML's own entities, but all of its character references: keys may hold control characters. */
function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (reference, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return named[name] ?? reference;
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : reference;
    }
  );
}

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  entityDecoder: {
    setExternalEntities: () => undefined,
    addInputEntities: () => undefined,
    reset: () => undefined,
    setXmlVersion: () => undefined,
    decode: decodeEntities,
  },
});

/** An element of a parsed request body. */
export class XmlElement {
  constructor(private readonly node: unknown) {}

  /** Text of the element; undefined when it has elements in it. */
  get text(): string | undefined {
    return typeof this.node === 'string' ? this.node : undefined;
  }

  /** Elements in it with this name, in order. */
  all(name: string): XmlElement[] {
    if (typeof this.node !== 'object' || this.node === null || !Object.hasOwn(this.node, name)) return [];
    const child = (this.node as Record<string, unknown>)[name];
    return (Array.isArray(child) ? child : [child]).map((node) => new XmlElement(node));
  }

  first(name: string): XmlElement | undefined {
    return this.all(name)[0];
  }

  /** Text of the first element with this name. */
  textOf(name: string): string | undefined {
    return this.first(name)?.text;
  }

  /**
   * Text of the first element with this name.
   * @throws AwsError `MalformedXML` when there is none.
   */
  requireText(name: string): string {
    const text = this.textOf(name);
    if (text === undefined) throw malformedXml();
    return text;
  }
}

/**
 * Parses the XML body of a request, whose root element must be the one given.
 * @throws AwsError `MalformedXML`.
 */
export function parseXmlBody(body: string, root: string): XmlElement {
  if (/<!DOCTYPE/i.test(body)) throw malformedXml();
  try {
    SyntaxValidator.validate(body);
  } catch {
    throw malformedXml();
  }
  const element = new XmlElement(parser.parse(body)).first(root);
  if (element === undefined) throw malformedXml();
  return element;
}
