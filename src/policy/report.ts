/** Takes what is wrong with one policy or rule. */
export type Report = (code: `PLB_${string}`, message: string, hint: string) => void;
