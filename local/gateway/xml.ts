import XmlBuilder from 'fast-xml-builder';

/** Content of an XML element: text, or elements by name; an array repeats the element; undefined leaves it out. */
export type XmlContent = string | number | boolean | undefined | readonly XmlContent[] | { [name: string]: XmlContent };

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** S3 keys may hold control characters. Written as they are, parsers would drop them or make a line feed of them. */
function escapeText(text: string): string {
  return text.replace(/[&<>"\u0000-\u0008\u000a-\u001f\u007f-\u009f\ufffe\uffff]/g, (character) => {
    return named[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
  });
}

const builder = new XmlBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  processEntities: false,
  suppressEmptyNode: true,
  tagValueProcessor: (_name: string, value: unknown) => escapeText(String(value)),
});

/** An XML document with one root element, in the namespace given, if any. */
export function buildXml(root: string, content: { [name: string]: XmlContent }, namespace?: string): string {
  const attributes = namespace === undefined ? {} : { '@xmlns': namespace };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: { ...attributes, ...content } })}`;
}
