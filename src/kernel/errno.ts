/** Whether a system or native call failed with one of these errno names (`ENOENT`). */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && codes.includes(code);
}

/** The result, or `otherwise` when the call failed with one of these errno names. */
export async function unless<T, U>(
  call: Promise<T>,
  codes: readonly string[],
  otherwise: U,
): Promise<T | U> {
  try {
    return await call;
  } catch (error) {
    if (failedWith(error, ...codes)) return otherwise;
    throw error;
  }
}
