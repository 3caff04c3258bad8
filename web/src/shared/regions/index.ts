/** A place by its regions' Chinese names, as the bank keeps them. */
export interface Place {
  province: string
  city: string
  district: string
}

/** Where a six-digit code (GB/T 2260) is; nowhere where it is not known. The list is loaded when first asked for. */
export async function placeOf(code: string): Promise<Place> {
  const { areaList } = await import('@vant/area-data')
  return {
    province: areaList.province_list[`${code.slice(0, 2)}0000`] ?? '',
    city: areaList.city_list[`${code.slice(0, 4)}00`] ?? '',
    district: areaList.county_list[code] ?? '',
  }
}
