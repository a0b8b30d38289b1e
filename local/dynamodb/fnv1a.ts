/** FNV-1a over the text's UTF-16 code units: 32 bits, unsigned, no protection against keys made to collide. */
export function fnv1a(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
