export async function measureLayers(_quick: boolean): Promise<void> {}
