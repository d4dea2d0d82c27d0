#include "options.h"

namespace fstool::fat {

const OptionSet<FatOptions>& fat_options() {
  static const auto set =
      OptionSet<FatOptions>()
          .add("fat_bits", &FatOptions::fat_bits,
               "Bits of an entry of the file allocation table. Left out: by the size: 32 from 512 MiB on, 12 up to "
               "about 4 MiB, else 16.",
               choices<Variant>({{"12", Variant::Fat12}, {"16", Variant::Fat16}, {"32", Variant::Fat32}}))
          .add("cluster_size", &FatOptions::cluster_size,
               "Size of a cluster, a power of two up to 64KiB. Left out: by the size of the file system.")
          .add("sector_size", &FatOptions::sector_size,
               "Size of a sector in bytes. Left out: that of the disk, else 512.",
               one_of<std::uint32_t>({512, 1024, 2048, 4096}))
          .add("volume_label", &FatOptions::volume_label, "Label, up to eleven characters of ASCII; best in capitals.",
               max_bytes(11))
          .add("volume_id", &FatOptions::volume_id,
               "Serial number, eight hexadecimal digits: \"1234-ABCD\" or \"1234abcd\". Left out: derived from the "
               "seed.",
               max_bytes(9))
          .add("oem_name", &FatOptions::oem_name, "What the boot sector says it was made by, in ASCII.", max_bytes(8))
          .add("fats", &FatOptions::fats, "Copies of the file allocation table.", in_range(1, 4))
          .add("root_entries", &FatOptions::root_entries,
               "Slots of the root directory of FAT12 and FAT16; a long name takes several. Left out: 512, or more if "
               "the tree needs them.",
               in_range(16, 65'520))
          .add("reserved_sectors", &FatOptions::reserved_sectors,
               "Sectors before the first file allocation table. Left out: 32 for FAT32, else 1, and as many more as "
               "make the first cluster begin at a multiple of its size.",
               in_range(1, 65'535))
          .add("backup_boot_sector", &FatOptions::backup_boot_sector,
               "Sector of the boot sector's copy in FAT32, among the reserved ones; 0 for none. Left out: 6.")
          .add("sectors_per_track", &FatOptions::sectors_per_track,
               "Sectors of a track for old BIOSes. Left out: by the size.", in_range(1, 63))
          .add("heads", &FatOptions::heads, "Heads for old BIOSes. Left out: by the size.", in_range(1, 255))
          .add("hidden_sectors", &FatOptions::hidden_sectors,
               "Sectors of the disk before the file system. Left out: where its partition begins.")
          .add("media", &FatOptions::media,
               "Media descriptor: 240, or 248 to 255. Left out: 248, or the floppy disk's.")
          .add("drive_number", &FatOptions::drive_number, "BIOS drive number. Left out: 128, or 0 for floppy disks.")
          .add("on_unsupported", &FatOptions::on_unsupported,
               "What becomes of files that FAT can't hold: symbolic links, devices, second names, names with "
               "characters like '?' or that differ only in case from another, and files of 4 GiB and more. \"error\", "
               "or \"skip\": leave them out with a warning for each.",
               choices<OnUnsupported>({{"error", OnUnsupported::Error}, {"skip", OnUnsupported::Skip}}));
  return set;
}

}  // namespace fstool::fat
