/** Control characters shown by their code: names come from programs and kernels, and go to terminals. */
export function visible(text: string): string {
  return text.replace(
    // C0, DEL, C1, and what turns the direction of text around
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `1,234`. */
export function grouped(number: number): string {
  return number.toLocaleString('en-US');
}

/** `1 row`, `2 rows`. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${number === 1 ? noun : plural(noun)}`;
}

function plural(noun: string): string {
  if (noun.endsWith('s')) return `${noun}es`;
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
