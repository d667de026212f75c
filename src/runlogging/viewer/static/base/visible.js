// Text in which everything can be seen: what turns the direction of text, steers terminals or is not drawn at all stands as
// an escape, as in the previews of the server. A file called "gpj.exe" can then not pass for a picture.

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Return text of several lines with what cannot be seen as escapes. */
export function visible(text) {
  return String(text).replaceAll("\r\n", "\n").replace(UNSEEN, (char) => {
    const number = char.charCodeAt(0);
    return number < 0x100 ? `\\x${number.toString(16).padStart(2, "0")}` : `\\u${number.toString(16).padStart(4, "0")}`;
  });
}

/** Return a name on one line, the same way. */
export function visibleName(text) {
  return visible(text).replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}
