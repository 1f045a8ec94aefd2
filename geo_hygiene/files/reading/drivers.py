"""Which of GDAL's drivers may see a foreign file: shapefile and GeoPackage, and nothing else.

GDAL finds the driver by the content: a text file named x.shp that is written for the virtual format driver can
otherwise read any file of this machine and call any address (https://gdal.org/en/stable/user/security.html).
"""

ALLOWED = frozenset({"ESRI Shapefile", "GPKG"})
#: Drivers of GDAL 3.12 in the packages of pyogrio. The reading process looks for others at its start.
_SKIPPED = (
    "MEM,PCIDSK,PDS4,VICAR,PDF,MBTiles,EEDA,OGCAPI,GDALG,MapInfo File,LVBAG,S57,DGN,OGR_VRT,CSV,GML,GPX,LIBKML,"
    "KML,GeoJSON,GeoJSONSeq,ESRIJSON,TopoJSON,OGR_GMT,SQLite,WAsP,OpenFileGDB,DXF,FlatGeobuf,GeoRSS,VFK,PGDUMP,"
    "OSM,GPSBabel,OGR_PDS,WFS,OAPIF,EDIGEO,Idrisi,ODS,XLSX,Elasticsearch,Carto,AmigoCloud,SXF,Selafin,JML,"
    "PLSCENES,CSW,VDV,MVT,NGW,MapML,GTFS,PMTiles,JSONFG,MiraMonVector,ADBC,AVCBin,AVCE00,AIVector,HTTP,Parquet,"
    "Arrow,PostgreSQL,MySQL,ODBC,MSSQLSpatial,OCI,FileGDB,Memory,Geoconcept,TIGER,SOSI,CAD,Walk,XLS,HANA,"
    "MongoDBv3,Tiger,Interlis 1,Interlis 2,GMLAS,NAS,LIBJSONFG,PGeo"
)
_RASTER = "VRT,HTTP,WMS,WCS,WMTS,TMS,DAAS,EEDAI,PLMosaic,STACTA,STACIT,GTI,RASTERLITE,netCDF,HDF5,HDF4,GDALG,OGCAPI"


def environment(skipped: str = _SKIPPED) -> dict[str, str]:
    """Return what GDAL must find in its environment before it is loaded."""
    return {
        "OGR_SKIP": skipped,
        "GDAL_SKIP": _RASTER,
        # No drivers from folders of the machine, no network files, no parts beside the ones that are handed over.
        "GDAL_DRIVER_PATH": "disable",
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
        "GDAL_HTTP_CONNECTTIMEOUT": "1",
        "GDAL_HTTP_MAX_RETRY": "0",
        "OGR_SQLITE_LOAD_EXTENSIONS": "",
        "OGR_ARROW_MEM_LIMIT": str(64 * 1024 * 1024),
        "SHAPE_RESTORE_SHX": "NO",
        "PROJ_NETWORK": "OFF",
    }


def skipping(names: list[str]) -> str:
    """Return the list of drivers to skip when these were loaded in spite of it."""
    return ",".join([_SKIPPED, *names])
