/** Splits a comma-separated header into its members. */
export function listOf(value: string | null, lowerCase = true): string[] {
  if (value === null) return [];
  const members = value.split(",").map((member) => member.trim()).filter((member) => member !== "");
  return lowerCase ? members.map((member) => member.toLowerCase()) : members;
}
